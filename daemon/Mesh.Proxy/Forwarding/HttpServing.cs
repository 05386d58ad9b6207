using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Forwarding;

/// <summary>Serves a connection in the version that the client speaks, known by its first bytes: HTTP/2 with prior knowledge begins with its preface.</summary>
/// <param name="newHandler">One for each request that is served at the same time.</param>
internal sealed class HttpServing(ProxyContext context, Connection connection, Func<IHttpHandler> newHandler)
{
    public async Task RunAsync()
    {
        var http1 = new Http1ServerConnection(connection, newHandler(), context.Options.Http, RunHttp2);
        var drains = context.OnLoop(connection.Loop).Drains;
        drains.Add(http1);
        try
        {
            await http1.RunAsync();
        }
        finally
        {
            drains.Remove(http1);
        }
    }

    private async Task RunHttp2(Connection transport)
    {
        var http2 = new Http2ServerConnection(transport, newHandler, context.Options.Http);
        var drains = context.OnLoop(transport.Loop).Drains;
        drains.Add(http2);
        try
        {
            await http2.RunAsync();
        }
        finally
        {
            drains.Remove(http2);
            if (http2.Reproach is { } code) context.Reporter.Http2Failed(transport.Loop.Index, Http2Side.Downstream, code);
        }
    }
}
