using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Upstream;

/// <summary>Exchanges with applications, in the version that the application speaks, over connections that are kept. One per loop.</summary>
internal sealed class HttpUpstreams(ProxyContext context, LoopLocal local)
{
    private readonly Http1Pool http1 = new(context.Options, local.Loop, local.Occupancy);
    private readonly SharedHttp2<PoolKey> http2 =
        new(local.Loop, (Http2Settings.Requests, Http2Limits.Upstream), context.Options.StreamsPerHttp2, context.Options.UpstreamIdleTimeout,
            code => context.Reporter.Http2Failed(local.Loop.Index, Http2Side.Upstream, code), change => local.Occupancy.Add(KeptKind.Http2, change));
    private readonly Stack<Http2ClientExchange> spare = new();

    /// <param name="key">Of <paramref name="request"/>.</param>
    /// <param name="isHttp2">The application speaks HTTP/2 with prior knowledge (RFC 9113 3.3), otherwise HTTP/1.1.</param>
    /// <exception cref="ProxyException">It cannot be reached.</exception>
    public ValueTask<ClientExchange> TakeAsync(in PoolKey key, in UpstreamRequest request, bool isHttp2)
    {
        if (isHttp2)
        {
            if (http2.TryFind(key, out var shared) && shared.Http2 is { IsPeerKnown: true } ready) return new(Lease(ready));
            return OpenHttp2(key, request);
        }
        return http1.TryTake(key) is { } kept ? new(kept) : OpenHttp1(request);
    }

    /// <param name="intact">The exchange ended in order.</param>
    public ValueTask GiveBackAsync(in PoolKey key, ClientExchange exchange, bool intact)
    {
        if (exchange is Http2ClientExchange stream) return Release(stream);
        if (!intact || !exchange.IsReusable) return exchange.DisposeAsync();
        http1.Return(key, (Http1ClientConnection)exchange);
        return default;
    }

    /// <summary>A connection that was dialled before it was known what it would carry, unused so far.</summary>
    public void Keep(in PoolKey key, Connection connection, bool isHttp2)
    {
        if (isHttp2) http2.Adopt(key, connection);
        else http1.Return(key, new Http1ClientConnection(connection, context.Options.Http));
    }

    /// <summary>Closes every connection that the workload is a party of: it has left this machine.</summary>
    public void CloseOf(string uid)
    {
        http1.CloseOf(uid);
        http2.Close(key => key.Source == uid || key.EndpointUid == uid);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<ClientExchange> OpenHttp1(UpstreamRequest request) =>
        new Http1ClientConnection(await local.Connector.ConnectAsync(request), context.Options.Http);

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<ClientExchange> OpenHttp2(PoolKey key, UpstreamRequest request)
    {
        try
        {
            while (true)
            {
                if (!http2.TryFind(key, out var shared)) shared = http2.Start(key, local.Connector.ConnectAsync(request));
                if (await SharedHttp2<PoolKey>.ReadyAsync(shared, request.Timeout) is { } connection) return Lease(connection);
            }
        }
        catch (ConnectionBrokenException error)
        {
            throw new ProxyException(NoHttp2($"workload {request.Endpoint.Workload.Uid}", request.Endpoint.Target, error), error);
        }
    }

    /// <summary>No stream was opened, so another endpoint may be tried.</summary>
    public static Failure NoHttp2(string who, IpPort target, ConnectionBrokenException error) =>
        new(ResponseFlag.UF, FailureSide.Upstream, FailureStage.Connect, $"{who} does not serve HTTP/2 on port {target.Port}: {error.Message}", RetrySafe: true);

    private Http2ClientExchange Lease(Http2Connection connection)
    {
        var exchange = spare.TryPop(out var kept) ? kept : new Http2ClientExchange();
        exchange.Begin(connection);
        return exchange;
    }

    private async ValueTask Release(Http2ClientExchange exchange)
    {
        await exchange.DisposeAsync();
        spare.Push(exchange);
    }
}
