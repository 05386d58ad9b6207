using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Policy;
using Mesh.Proxy.Redis;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Routing;
using Mesh.Proxy.Upstream;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Outbound;

/// <summary>One opaque connection from a workload: endpoint, policy of a destination on this machine, relay. The upstream is dialled
/// at once, so servers that speak first are not kept waiting.</summary>
/// <param name="source">Null for a gateway.</param>
/// <param name="gateway">Its key.</param>
internal sealed class OutboundTcp(ProxyContext context, Loop loop, LocalWorkloadState? source, string gateway = "")
{
    private readonly LoopLocal local = context.OnLoop(loop);

    /// <summary>Set when the client's first bytes have told more.</summary>
    public OpaqueTraffic Traffic { get; set; } = OpaqueTraffic.Tcp;

    /// <summary>The route that matched, for the record.</summary>
    public string? Route { get; set; }

    public Task ToServiceAsync(Connection client, ServicePortModel service) => Carry(client, service, () => Dial(client, service));

    public Task ToBackendsAsync(Connection client, BackendModel[] backends, string listener) =>
        Carry(client, null, () => Dial(client, backends, listener));

    /// <summary>By the workload's own address, without a service: no balancing, the same identity and policy.</summary>
    public Task ToWorkloadAsync(Connection client, WorkloadModel workload, IpPort destination)
    {
        var endpoint = new EndpointModel { Workload = workload, Target = destination, Weight = 1, State = new EndpointState(context.Loops.Count) };
        if (workload.Ports.GetValueOrDefault(destination.Port)?.Protocol == AppProtocol.Redis) Traffic = OpaqueTraffic.Redis;
        return Carry(client, null, async () =>
        {
            var upstream = await Connect(client, endpoint, TrafficSettings.Default.ConnectTimeout);
            return new Dialled(upstream, endpoint, null);
        });
    }

    /// <summary>Outside the mesh: plain, from the workload's own namespace, as it would go without us.</summary>
    public Task PassThroughAsync(Connection client, IpPort destination) =>
        Carry(client, null, async () =>
        {
            var upstream = await local.Connector.PassThroughAsync(source!, destination, TrafficSettings.Default.ConnectTimeout);
            return new Dialled(upstream, null, null);
        });

    /// <param name="Endpoint">Null outside the mesh.</param>
    /// <param name="Service">Null for a destination that is reached by its own address.</param>
    internal readonly record struct Dialled(Connection Upstream, EndpointModel? Endpoint, ServicePortModel? Service);

    /// <summary>With a TCPRoute attached, its backends; otherwise the service's own endpoints. Retries on another endpoint.</summary>
    /// <param name="httpPending">What the client will speak is not known yet: conditions on requests stay open.</param>
    internal async Task<Dialled> Dial(Connection client, ServicePortModel service, bool httpPending = false, EndpointModel? avoid = null)
    {
        if (service.TcpBackends.Length > 0) service = Choose(service.TcpBackends, $"service {service.ServiceKey}");
        return await DialEndpoint(client, service, httpPending, avoid);
    }

    /// <summary>One of a route's backends, by weight.</summary>
    internal Task<Dialled> Dial(Connection client, BackendModel[] backends, string what) => DialEndpoint(client, Choose(backends, what), httpPending: false);

    private async Task<Dialled> DialEndpoint(Connection client, ServicePortModel service, bool httpPending, EndpointModel? failed = null)
    {
        if (service.Protocol == AppProtocol.Redis) Traffic = OpaqueTraffic.Redis;
        for (int retries = service.Traffic.ConnectRetries; ; retries--)
        {
            var endpoint = Endpoints.Pick(service, failed, loop.Index, local.Random);
            try
            {
                var upstream = await Connect(client, endpoint, service.Traffic.ConnectTimeout, httpPending);
                return new Dialled(upstream, endpoint, service);
            }
            catch (ProxyException error) when (error.Failure.RetrySafe && retries > 0)
            {
                failed = endpoint;
            }
        }
    }

    /// <summary>Relays what is dialled already.</summary>
    internal async Task Relay(Connection client, Dialled dialled, long start)
    {
        var parties = Parties(dialled.Endpoint, dialled.Service);
        context.Reporter.TcpOpened(loop.Index, parties);
        var relay = RelayOf(client, dialled, parties);
        try
        {
            await relay.RunAsync();
        }
        finally
        {
            await dialled.Upstream.DisposeAsync();
            Report(client, parties, TcpFailures.Of(relay), start, relay, dialled.Upstream.RemoteAddress);
        }
    }

    private TcpRelay RelayOf(Connection client, in Dialled dialled, TrafficParties parties)
    {
        var idleTimeout = dialled.Service?.Traffic.IdleTimeout ?? TimeSpan.Zero;
        if (!Traffic.IsRedis) return new TcpRelay(client, dialled.Upstream, idleTimeout);
        var replicas = dialled.Service is { Traffic.ReadReplicas: not null } service ? new OutboundReplicas(context, this, client, service) : null;
        return new RedisRelay(context, client, dialled.Upstream, parties, GateOf(client, dialled.Endpoint), idleTimeout, replicas);
    }

    /// <returns>Null where another node decides, or nobody.</returns>
    internal RedisGate? GateOf(Connection client, EndpointModel? endpoint) => endpoint is not null && context.Locals.TryGet(endpoint.Workload.Uid, out _)
        ? new RedisGate(context, endpoint.Workload.Uid, Question(client, endpoint, httpPending: false)) : null;

    internal void Fail(Connection client, ServicePortModel? service, Failure failure, long start)
    {
        client.Abort();
        var parties = Parties(null, service);
        context.Reporter.TcpOpened(loop.Index, parties);
        Report(client, parties, failure, start, null, default);
    }

    private async Task Carry(Connection client, ServicePortModel? service, Func<Task<Dialled>> dial)
    {
        long start = loop.Time.GetTimestamp();
        Dialled dialled;
        try
        {
            dialled = await dial();
        }
        catch (ProxyException error)
        {
            Fail(client, service, error.Failure, start);
            return;
        }
        await Relay(client, dialled, start);
    }

    private ServicePortModel Choose(BackendModel[] backends, string what)
    {
        int total = backends.Sum(static b => b.Weight);
        if (total == 0) throw new ProxyException(new Failure(ResponseFlag.CD, FailureSide.Mesh, FailureStage.Routing, $"{what} has no backend with weight"));
        int draw = local.Random.Next(total);
        var backend = backends.First(b => (draw -= b.Weight) < 0);
        return context.Snapshots.Current.FindServicePort(backend.ServiceKey, backend.Port)
            ?? throw new ProxyException(new Failure(ResponseFlag.CD, FailureSide.Mesh, FailureStage.Routing,
                backend.InvalidReason ?? $"{what} sends to {backend.ServiceKey} port {backend.Port}, which does not exist"));
    }

    internal void AuthorizeOpaque(Connection client, EndpointModel endpoint) => Authorize(client, endpoint, httpPending: false);

    private async ValueTask<Connection> Connect(Connection client, EndpointModel endpoint, TimeSpan timeout, bool httpPending = false)
    {
        Authorize(client, endpoint, httpPending);
        return await local.Connector.ConnectAsync(new UpstreamRequest(source, client.RemoteAddress, endpoint, timeout, Opaque: true));
    }

    private void Authorize(Connection client, EndpointModel endpoint, bool httpPending)
    {
        if (!context.Locals.TryGet(endpoint.Workload.Uid, out _)) return;
        // Of Redis each command is asked about again.
        var decision = endpoint.Workload.Policy.Decide(Question(client, endpoint, httpPending || Traffic.IsRedis));
        if (!decision.Allowed) throw Denied(decision, atGateway: source is null, endpoint);
    }

    /// <summary>A gateway's client cannot know why its request is refused; whoever runs the gateway learns what to do.</summary>
    internal static ProxyException Denied(AccessDecision decision, bool atGateway, EndpointModel endpoint)
    {
        bool lacksIdentity = atGateway && endpoint.Workload.Policy.Mtls.IsStrict(endpoint.Target.Port);
        string reason = lacksIdentity
            ? $"{decision.Reason}, and a gateway has no identity: a Permissive MtlsPolicy for the port of {endpoint.Workload.Uid} lets it in"
            : decision.Reason;
        return new ProxyException(new Failure(ResponseFlag.UAEX, FailureSide.Mesh, FailureStage.Policy, reason));
    }

    private AccessQuestion Question(Connection client, EndpointModel endpoint, bool httpPending)
    {
        var identity = source?.IdentityIn(context.Snapshots.Current.TrustDomain);
        return new(identity, client.RemoteAddress.Address, endpoint.Target.Port, null, httpPending) { ServerName = Traffic.NameForPolicy };
    }

    internal TrafficParties Parties(EndpointModel? endpoint, ServicePortModel? service)
    {
        var identity = source?.IdentityIn(context.Snapshots.Current.TrustDomain);
        var parties = TrafficParties.FromSource(source, identity, endpoint, service, Traffic.Protocol);
        return endpoint is not null && context.Locals.TryGet(endpoint.Workload.Uid, out _) ? parties.WithDestination() : parties;
    }

    private TelemetryModel Telemetry =>
        source is null ? context.Snapshots.Current.TelemetryOfGateway(gateway) : context.Snapshots.Current.TelemetryOfWorkload(source.Uid);

    private void Report(Connection client, TrafficParties parties, Failure? failure, long start, TcpRelay? relay, IpPort upstream) =>
        Report(client, parties, failure, start, relay?.ReceivedBytes ?? 0, relay?.SentBytes ?? 0, upstream);

    internal void Report(Connection client, TrafficParties parties, Failure? failure, long start, long receivedBytes, long sentBytes, IpPort upstream) =>
        context.Reporter.TcpClosed(loop.Index, new TcpOutcome
        {
            Parties = parties,
            Telemetry = Telemetry,
            Failure = failure,
            Duration = loop.Time.GetElapsedTime(start),
            ReceivedBytes = receivedBytes,
            SentBytes = sentBytes,
            Client = client.RemoteAddress,
            Upstream = upstream,
            ServerName = Traffic.ServerName.Span,
            Route = Route,
        });
}
