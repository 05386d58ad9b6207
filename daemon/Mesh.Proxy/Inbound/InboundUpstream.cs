using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Io;

namespace Mesh.Proxy.Inbound;

/// <summary>The connection to the application that belongs to one client stream; replaced when the application closed it between requests.</summary>
internal sealed class InboundUpstream(Connection first, InboundTarget target, HttpLimits limits) : IAsyncDisposable
{
    private Http1ClientConnection? current = new(first, limits);

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<Http1ClientConnection> TakeAsync(Loop loop)
    {
        var kept = current;
        current = null;
        if (kept is not null && (kept.ExchangeCount == 0 || kept.IsStillIdle())) return kept;
        if (kept is not null) await kept.DisposeAsync();
        return new Http1ClientConnection(await target.ConnectAsync(loop), limits);
    }

    public void Keep(Http1ClientConnection connection) => current = connection;

    public ValueTask DisposeAsync() => current?.DisposeAsync() ?? default;
}
