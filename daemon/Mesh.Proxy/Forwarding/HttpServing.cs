using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Proxy.Draining;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Forwarding;

/// <summary>Serves a connection in the version that the client speaks, known by its first bytes: HTTP/2 with prior knowledge begins with its preface.</summary>
/// <param name="newHandler">One for each request that is served at the same time.</param>
internal sealed class HttpServing(ProxyContext context, Connection connection, Func<IHttpHandler> newHandler)
{
    private readonly DrainList drains = context.OnLoop(connection.Loop).Drains;

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask RunAsync()
    {
        var http1 = new Http1ServerConnection(connection, newHandler(), context.Options.Http, RunHttp2);
        var running = http1.RunAsync();
        using (drains.Track(http1)) await running;
    }

    private async Task RunHttp2(Connection transport)
    {
        var http2 = new Http2ServerConnection(transport, newHandler, context.Options.Http);
        var running = http2.RunAsync();
        using (drains.Track(http2)) await running;
        if (http2.Reproach is { } code) context.Reporter.Http2Failed(transport.Loop.Index, Http2Side.Downstream, code);
    }
}
