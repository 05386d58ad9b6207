using System.Buffers;
using System.Text;
using Mesh.Http;
using Mesh.Proxy.Failures;

namespace Mesh.Proxy.Forwarding;

/// <summary>The answer of the mesh itself: a status, <c>x-mesh-error: FLAG reason</c>, and the same in words.</summary>
internal static class ErrorResponse
{
    public static ValueTask SendAsync(ServerExchange exchange, Failure failure)
    {
        var head = new ResponseHead { Status = failure.Status };
        head.Headers.Add("content-type", "text/plain; charset=utf-8");
        head.Headers.Add("x-mesh-error", $"{failure.Flag} {Printable(failure.Reason)}");
        byte[] body = Encoding.UTF8.GetBytes($"{failure.Flag}: {failure.Reason}\n");
        return exchange.RespondAsync(head, new ReadOnlySequence<byte>(body));
    }

    /// <summary>A reason may quote what a peer said; in a header it must stay on its line.</summary>
    private static string Printable(string reason) =>
        new([.. reason.Select(static c => c is >= ' ' and <= '~' ? c : '?').Take(512)]);
}
