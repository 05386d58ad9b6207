using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Upstream;

namespace Mesh.Proxy.Inbound;

/// <summary>The connections to the application that belong to one client connection: for HTTP/1.1 as many as the client has requests at once, for HTTP/2
/// one that all its streams share. Replaced when the application closed them between requests.</summary>
/// <param name="first">Made before the client was admitted.</param>
internal sealed class InboundUpstream(Connection first, InboundTarget target, ProxyContext context) : IAsyncDisposable
{
    private readonly Stack<Http1ClientConnection> idle = new();
    private Connection? unused = first;
    private SharedHttp2<int>? http2;

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<ClientExchange> TakeAsync(Loop loop, bool isHttp2)
    {
        if (isHttp2) return await OpenHttp2(loop);
        while (idle.TryPop(out var kept))
        {
            if (kept.IsStillIdle()) return kept;
            await kept.DisposeAsync();
        }
        return new Http1ClientConnection(await Connect(loop), context.Options.Http);
    }

    /// <param name="intact">The exchange ended in order.</param>
    public ValueTask GiveBackAsync(ClientExchange exchange, bool intact)
    {
        if (!intact || !exchange.IsReusable) return exchange.DisposeAsync();
        var kept = (Http1ClientConnection)exchange;
        kept.Rest();
        idle.Push(kept);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        if (unused is not null) await unused.DisposeAsync();
        foreach (var connection in idle) await connection.DisposeAsync();
        http2?.Close(static _ => true);
    }

    private ValueTask<Connection> Connect(Loop loop)
    {
        var connection = unused;
        unused = null;
        return connection is null ? target.ConnectAsync(loop) : new(connection);
    }

    private async ValueTask<ClientExchange> OpenHttp2(Loop loop)
    {
        http2 ??= new SharedHttp2<int>(loop, (Http2Settings.Requests, Http2Limits.Upstream), context.Options.StreamsPerHttp2, context.Options.UpstreamIdleTimeout,
            code => context.Reporter.Http2Failed(loop.Index, Http2Side.Upstream, code), change => context.OccupancyOf(loop).Add(KeptKind.Http2, change));
        try
        {
            while (true)
            {
                if (!http2.TryFind(0, out var shared)) shared = http2.Start(0, Connect(loop));
                if (await SharedHttp2<int>.ReadyAsync(shared, TimeSpan.Zero) is not { } connection) continue;
                var exchange = new Http2ClientExchange();
                exchange.Begin(connection);
                return exchange;
            }
        }
        catch (ConnectionBrokenException error)
        {
            throw new ProxyException(HttpUpstreams.NoHttp2($"the application of {target.Local.Uid}", target.Application, error), error);
        }
    }
}
