using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Http.Http1;

/// <summary>The exchange object of one HTTP/1 connection, reused from request to request.</summary>
internal sealed class Http1ServerExchange : ServerExchange
{
    private readonly Connection connection;
    private readonly Http1BodyReader body;
    private readonly Http1MessageWriter writer;
    private BodyFraming framing;
    private bool aborted;
    private bool waits; // for 100, as far as we know, before it sends its body

    public Http1ServerExchange(Connection connection, HttpLimits limits)
    {
        this.connection = connection;
        body = new Http1BodyReader(connection.Input, limits, statusOfFault: 400);
        writer = new Http1MessageWriter(connection.Output);
    }

    public override IpPort RemoteAddress => connection.RemoteAddress;
    public override bool IsHttp2 => false;

    public override Action? OnBroken
    {
        get => connection.OnBroken;
        set => connection.OnBroken = value;
    }

    public override BodyFraming RequestFraming => framing;
    public override PipeReader RequestBody => body;
    public override HeaderList RequestTrailers => body.Trailers;
    public override bool ResponseStarted => responseStarted;

    private bool responseStarted;

    /// <summary>Whether the next request may follow on this connection, as far as is known.</summary>
    internal bool KeepAlive { get; private set; }

    /// <summary>The client has said that this is its last request, so that nothing comes after it.</summary>
    internal bool ClientCloses { get; private set; }

    /// <summary>The handler has used the connection for another protocol and ended it.</summary>
    internal bool TakenOver { get; private set; }

    internal bool RequestEnded => body.Ended;
    internal bool ResponseEnded => responseStarted && writer.Ended && !aborted;

    /// <summary>The head is in <see cref="ServerExchange.Request"/>; works out where its body ends.</summary>
    internal void StartRequest(bool draining)
    {
        responseStarted = aborted = false;
        var (mode, length) = Http1Framing.OfRequest(Request);
        framing = mode switch
        {
            BodyMode.None => BodyFraming.None,
            BodyMode.Length => BodyFraming.OfLength(length),
            _ => BodyFraming.Streamed,
        };
        body.Start(mode, length);
        waits = framing.HasBody && Request.Headers.Contains("expect"u8);
        ClientCloses = !Http1Framing.IsPersistent(Request.Headers, Request.IsHttp10);
        KeepAlive = !draining && !ClientCloses;
    }

    /// <summary>For an answer to bytes that are not a request.</summary>
    internal void StartUnreadable()
    {
        Request.Clear();
        responseStarted = aborted = waits = false;
        framing = BodyFraming.None;
        body.Start(BodyMode.None, 0);
        KeepAlive = ClientCloses = false;
    }

    public override ValueTask WriteInterimAsync(ResponseHead head)
    {
        waits &= head.Status != 100;
        if (Request.IsHttp10) return default;
        writer.WriteResponseHead(head, BodyMode.None, 0, bodiless: true, close: false, keepAlive: false);
        return writer.FlushAsync();
    }

    public override void StartResponse(ResponseHead head, BodyFraming responseFraming)
    {
        responseStarted = true;
        var mode = !responseFraming.HasBody ? BodyMode.None
            : !responseFraming.IsStreamed ? BodyMode.Length
            : Request.IsHttp10 ? BodyMode.UntilClose : BodyMode.Chunked;
        // Answered without having asked for the body: nobody can say whether it comes all the same, so no other request can follow (RFC 9110 10.1.1).
        if (mode == BodyMode.UntilClose || waits && !body.Begun) KeepAlive = false;
        bool bodiless = head.IsInterim || head.Status is 204 or 304 || Request.IsMethod("HEAD"u8);
        DateField.Ensure(head, connection.Loop.Time);
        writer.WriteResponseHead(head, mode, Math.Max(0, responseFraming.Length), bodiless, close: !KeepAlive, keepAlive: KeepAlive && Request.IsHttp10);
    }

    public override ValueTask WriteAsync(ReadOnlySequence<byte> data) => writer.WriteBodyAsync(data);

    public override ValueTask FlushAsync() => writer.FlushAsync();

    public override ValueTask FinishAsync(HeaderList? trailers = null)
    {
        writer.EndBody(trailers);
        // The end of the connection follows at once if no request does.
        return KeepAlive || !RequestEnded ? writer.FlushAsync() : writer.FlushLastAsync(connection);
    }

    public override bool IsClientGone()
    {
        if (connection.IsOutputBroken) return true;
        try
        {
            if (connection.Input.TryRead(out var read)) connection.Input.AdvanceTo(read.Buffer.Start);
            return false;
        }
        catch (ConnectionBrokenException)
        {
            return true;
        }
    }

    public override void CloseAfterwards() => KeepAlive = false;

    public override Connection TakeOver()
    {
        TakenOver = true;
        KeepAlive = false;
        return connection;
    }

    public override void Abort()
    {
        aborted = true;
        KeepAlive = false;
        connection.Abort();
    }
}
