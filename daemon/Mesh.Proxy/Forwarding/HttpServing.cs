using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Http.Http2;
using Mesh.Io;

namespace Mesh.Proxy.Forwarding;

internal static class HttpServing
{
    /// <summary>Serves a connection in the version that the client speaks, known by its first bytes: HTTP/2 with prior knowledge begins with its preface.</summary>
    /// <param name="newHandler">One for each request that is served at the same time.</param>
    public static Task RunAsync(Connection connection, Func<IHttpHandler> newHandler, HttpLimits limits) =>
        new Http1ServerConnection(connection, newHandler(), limits, http2 => new Http2ServerConnection(http2, newHandler, limits).RunAsync()).RunAsync();
}
