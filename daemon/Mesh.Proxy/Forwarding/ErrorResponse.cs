using System.Buffers;
using System.Globalization;
using System.Text;
using Mesh.Http;
using Mesh.Proxy.Failures;

namespace Mesh.Proxy.Forwarding;

/// <summary>The answer of the mesh itself: a status, <c>x-mesh-error: FLAG reason</c>, and the same in words.</summary>
internal static class ErrorResponse
{
    public static ValueTask SendAsync(ServerExchange exchange, Failure failure, GrpcCall grpc)
    {
        if (grpc.IsCall) return SendGrpc(exchange, failure, grpc);
        var head = new ResponseHead { Status = failure.Status };
        head.Headers.Add("content-type", "text/plain; charset=utf-8");
        head.Headers.Add("x-mesh-error", $"{failure.Flag} {Printable(failure.Reason)}");
        if (failure.Status == 405) head.Headers.Add("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"); // what is known of any resource (RFC 9110 15.5.6)
        byte[] body = Encoding.UTF8.GetBytes($"{failure.Flag}: {failure.Reason}\n");
        return exchange.RespondAsync(head, new ReadOnlySequence<byte>(body));
    }

    /// <summary>Trailers only: a response that is over with its head, whose HTTP status says nothing.</summary>
    private static ValueTask SendGrpc(ServerExchange exchange, Failure failure, GrpcCall grpc)
    {
        var head = new ResponseHead { Status = 200 };
        head.Headers.Add("content-type", "application/grpc");
        AddStatus(head.Headers, failure, grpc);
        exchange.StartResponse(head, BodyFraming.None);
        return exchange.FinishAsync();
    }

    /// <summary>Ends a gRPC response that has begun with what went wrong.</summary>
    public static ValueTask EndGrpcAsync(ServerExchange exchange, Failure failure, GrpcCall grpc)
    {
        var trailers = new HeaderList();
        AddStatus(trailers, failure, grpc);
        return exchange.FinishAsync(trailers);
    }

    private static void AddStatus(HeaderList fields, Failure failure, GrpcCall grpc)
    {
        grpc.Status = GrpcStatus.Of(failure);
        fields.Add("grpc-status", grpc.Status.ToString(CultureInfo.InvariantCulture));
        fields.Add("grpc-message", Grpc.EncodeMessage($"{failure.Flag}: {failure.Reason}"));
        fields.Add("x-mesh-error", $"{failure.Flag} {Printable(failure.Reason)}");
    }

    /// <summary>A reason may quote what a peer said; in a header it must stay on its line.</summary>
    private static string Printable(string reason) =>
        new([.. reason.Select(static c => c is >= ' ' and <= '~' ? c : '?').Take(512)]);
}
