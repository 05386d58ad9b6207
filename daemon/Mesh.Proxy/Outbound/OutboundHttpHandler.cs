using System.Buffers;
using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Policy;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Routing;
using Mesh.Proxy.Upstream;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Outbound;

/// <summary>Routes the requests of one downstream connection: route, backend, endpoint, the policy of a destination on this machine, upstream.
/// Serves workloads (routes attached to the service they called) and gateways (routes attached to the listener).</summary>
internal sealed class OutboundHttpHandler(
    ProxyContext context, Loop loop, LocalWorkloadState? source, IpPort client, IOutboundScope scope)
    : HttpConnectionHandler(context, loop)
{
    private readonly LoopLocal local = context.OnLoop(loop);
    private readonly ForwardedFields? forwarded = source is null ? new ForwardedFields(client.Address) : null;

    protected override TrafficParties DefaultParties
    {
        get
        {
            var snapshot = Context.Snapshots.Current;
            return local.Parties.Get(snapshot, source, SourceIdentity(snapshot), null, scope.Service);
        }
    }

    protected override TelemetryModel TelemetryIn(Snapshot snapshot) => scope.TelemetryIn(snapshot);

    protected override ValueTask<Failure?> ForwardAsync(ServerExchange exchange)
    {
        if (exchange.Request.IsMethod("CONNECT"u8))
            throw new ProxyException(new Failure(ResponseFlag.DPE, FailureSide.Client, FailureStage.Routing, "CONNECT is not offered here") { Status = 405 });
        var snapshot = Context.Snapshots.Current;
        if (!scope.Refresh(snapshot))
            throw new ProxyException(new Failure(ResponseFlag.NC, FailureSide.Mesh, FailureStage.Routing, $"{scope.Name} does not exist any more"));
        var rule = Match(exchange.Request);
        if (rule is null) return ToService(exchange, snapshot, scope.Service!, HttpFilters.None, HttpFilters.None, TimeSpan.Zero);
        if (rule.Filters.Redirect is { } redirect) return Redirect(exchange, redirect);
        var backend = ChooseBackend(rule);
        var service = snapshot.FindServicePort(backend.ServiceKey, backend.Port)
            ?? throw Unusable($"route {rule.RouteKey} sends to {backend.ServiceKey} port {backend.Port}, which does not exist");
        return ToService(exchange, snapshot, service, rule.Filters, backend.Filters, Shortest(rule.RequestTimeout, rule.BackendTimeout));
    }

    /// <summary>Null: no route is attached, the service's own endpoints answer.</summary>
    private HttpRuleModel? Match(RequestHead request)
    {
        if (scope.RoutesOf(request) is not { } routes)
        {
            if (scope.Service is not null) return null;
            throw new ProxyException(new Failure(ResponseFlag.NR, FailureSide.Mesh, FailureStage.Routing, $"no route is attached to {scope.Name}"));
        }
        var rule = routes.Match(request)
            ?? throw new ProxyException(new Failure(ResponseFlag.NR, FailureSide.Mesh, FailureStage.Routing, $"no rule of the routes of {scope.Name} matches"));
        Route = rule.RouteKey;
        return rule;
    }

    private BackendModel ChooseBackend(HttpRuleModel rule)
    {
        if (rule.TotalWeight == 0) throw Unusable($"route {rule.RouteKey} has no backend with weight");
        var backend = rule.Backends.Length == 1 ? rule.Backends[0] : rule.Choose(local.Random.Next(rule.TotalWeight));
        return backend.InvalidReason is null ? backend : throw Unusable($"route {rule.RouteKey}: {backend.InvalidReason}");
    }

    private static ProxyException Unusable(string reason) =>
        new(new Failure(ResponseFlag.CD, FailureSide.Mesh, FailureStage.Routing, reason));

    private ValueTask<Failure?> ToService(ServerExchange exchange, Snapshot snapshot, ServicePortModel service, HttpFilters rule, HttpFilters backend, TimeSpan timeout)
    {
        Prepare(exchange.Request, service.Hostname);
        forwarded?.AddTo(exchange.Request.Headers);
        RequestEdits.Apply(exchange.Request, rule);
        RequestEdits.Apply(exchange.Request, backend);
        if (timeout == TimeSpan.Zero) timeout = service.Traffic.RequestTimeout;
        return Send(exchange, snapshot, service, backend.Response ?? rule.Response, timeout);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<Failure?> Send(ServerExchange exchange, Snapshot snapshot, ServicePortModel service, HeaderEdit? responseEdit, TimeSpan timeout)
    {
        EndpointModel? failed = null;
        var limit = new TimeLimit(Loop.Time, timeout);
        for (int retries = service.Traffic.ConnectRetries, tries = 0; ; tries++)
        {
            var endpoint = Endpoints.Pick(service, failed, Loop.Index, local.Random);
            var identity = SourceIdentity(snapshot);
            Parties = local.Parties.Get(snapshot, source, identity, endpoint, service);
            Authorize(exchange.Request, snapshot, endpoint, identity);
            Chose(endpoint.Target);
            if (tries > 0 && TooLate(limit) is { } late) return late;
            var key = PoolKey.Of(source, service, endpoint, client);
            endpoint.State.Begin(Loop.Index);
            try
            {
                var request = new UpstreamRequest(source, client, endpoint, Shortest(Shortest(service.Traffic.ConnectTimeout, limit.Left), Forwarder.Grpc.Remaining ?? TimeSpan.Zero));
                var upstream = await local.Http.TakeAsync(key, request, SpeaksHttp2(service, exchange));
                var failure = await Forwarder.RunAsync(exchange, upstream, responseEdit, limit.Left, service.Traffic.IdleTimeout);
                bool again = Forwarder.ShallRepeat(exchange, upstream, failure, ref retries);
                await local.Http.GiveBackAsync(key, upstream, failure is null);
                if (!again) return failure;
            }
            catch (ProxyException error) when (error.Failure.RetrySafe && (retries > 0 || TooLate(limit) is not null))
            {
                failed = endpoint;
                retries--;
            }
            finally
            {
                endpoint.State.End(Loop.Index);
            }
        }
    }

    /// <summary>Time is up, or the client has given up, before the request is tried once more.</summary>
    private Failure? TooLate(in TimeLimit limit) =>
        Forwarder.Grpc.Remaining <= TimeSpan.Zero ? HttpForwarder.DeadlinePassed : limit.IsPassed ? HttpForwarder.TimedOut : null;

    /// <summary>A port whose protocol nobody named is spoken to as the workload itself speaks. What a gateway's client speaks says nothing about the application.</summary>
    private bool SpeaksHttp2(ServicePortModel service, ServerExchange exchange) => service.Protocol switch
    {
        AppProtocol.Http2 or AppProtocol.Grpc => true,
        AppProtocol.Detect => exchange.IsHttp2 && (source is not null || Grpc.IsGrpc(exchange.Request.Headers)),
        _ => false,
    };

    /// <summary>For a destination on this machine nobody else will ask: both sides' policies are applied here in one pass.</summary>
    private void Authorize(RequestHead request, Snapshot snapshot, EndpointModel endpoint, SpiffeId? identity)
    {
        if (!Context.Locals.TryGet(endpoint.Workload.Uid, out _)) return;
        var decision = endpoint.Workload.Policy.Decide(new AccessQuestion(identity, client.Address, endpoint.Target.Port, request, HttpPending: false));
        if (!decision.Allowed) throw OutboundTcp.Denied(decision, atGateway: source is null, endpoint);
    }

    private SpiffeId? SourceIdentity(Snapshot snapshot) => source?.IdentityIn(snapshot.TrustDomain);

    private async ValueTask<Failure?> Redirect(ServerExchange exchange, RedirectModel redirect)
    {
        var head = RequestEdits.RedirectHead(exchange.Request, redirect);
        await exchange.RespondAsync(head, ReadOnlySequence<byte>.Empty);
        Forwarder.Answered(head.Status);
        return null;
    }

    /// <summary>Zero, or less, is none.</summary>
    private static TimeSpan Shortest(TimeSpan a, TimeSpan b) =>
        a <= TimeSpan.Zero ? b : b <= TimeSpan.Zero || a < b ? a : b;
}
