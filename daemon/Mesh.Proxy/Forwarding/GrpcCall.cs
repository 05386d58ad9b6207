using Mesh.Http;
using Mesh.Io;

namespace Mesh.Proxy.Forwarding;

/// <summary>What a request adds to HTTP when it is a gRPC call: its deadline, its messages, its status. One per handler, reused.</summary>
internal sealed class GrpcCall(Loop loop)
{
    private GrpcMessages? requests;
    private GrpcMessages? responses;
    private long start;
    private TimeSpan timeout;
    private bool hasTimeout;

    /// <summary>False: nothing else here means anything.</summary>
    public bool IsCall { get; private set; }

    public GrpcMessages Requests => requests ??= new GrpcMessages();
    public GrpcMessages Responses => responses ??= new GrpcMessages();

    /// <summary>The code that the client got; -1 while there is none.</summary>
    public int Status { get; set; }

    /// <param name="begun">When the request's head had arrived.</param>
    public void Begin(HeaderList headers, long begun)
    {
        Status = -1;
        hasTimeout = false;
        IsCall = Grpc.IsGrpc(headers);
        if (!IsCall) return;
        start = begun;
        requests?.Reset();
        responses?.Reset();
        // A timeout that cannot be read is the application's to judge.
        hasTimeout = headers.TryGet("grpc-timeout"u8, out var text) && Grpc.TryParseTimeout(text, out timeout);
    }

    /// <summary>What is left until the client gives up; null when it never does. Zero or less: it has.</summary>
    public TimeSpan? Remaining => hasTimeout ? timeout - loop.Time.GetElapsedTime(start) : null;

    /// <summary>The next hop gets what is left.</summary>
    public void PassOn(HeaderList headers, TimeSpan remaining)
    {
        Span<byte> text = stackalloc byte[Grpc.MaxTimeoutText];
        int length = Grpc.WriteTimeout(remaining, text);
        headers.Set("grpc-timeout"u8, text[..length]);
    }
}
