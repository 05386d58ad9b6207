using Google.Protobuf;
using Mesh.Control.Config;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;

namespace Mesh.Control.Translation;

/// <summary>Turns changes of the resources into what the proxy reads. A change costs what it concerns: models that it does not concern are
/// the same objects in the next snapshot, with their endpoints' state. One caller at a time, never on a loop.</summary>
public sealed class SnapshotTranslator
{
    private readonly RouteTranslator routes = new();
    private readonly PolicyTranslator policies = new();
    private readonly TelemetryTranslator telemetry = new();
    private readonly TrafficTranslator traffic;
    private readonly ServiceTranslator services;
    private readonly WorkloadTranslator workloads;
    private readonly GatewayTranslator gateways;
    private long version;

    /// <param name="loops">How many worker loops count into per-loop state.</param>
    /// <param name="version">Of the last snapshot before this translator's first.</param>
    public SnapshotTranslator(int loops, Random random, long version = 0)
    {
        this.version = version;
        var interner = new Interner();
        traffic = new TrafficTranslator(loops, random);
        services = new ServiceTranslator(routes, traffic, interner);
        workloads = new WorkloadTranslator(loops, policies, telemetry, services, interner);
        gateways = new GatewayTranslator(routes, telemetry, traffic);
    }

    /// <summary>Models and route tables made since the start, for tests of what a change costs.</summary>
    internal (long Workloads, long Services, long Routes) Work => (workloads.ModelsMade, services.ModelsMade, services.RoutesMade);

    /// <summary>The next snapshot. After an exception, which says that resources that passed their checks do not fit together, this
    /// translator has seen a part of the changes and is of no use any more.</summary>
    /// <param name="changes">In order; of several about one resource the last counts.</param>
    /// <param name="trustDomain">For workloads that name none.</param>
    public Snapshot Apply(IReadOnlyList<ConfigChange> changes, string trustDomain)
    {
        var byType = Newest(changes).ToLookup(static change => change.TypeUrl);
        var (protection, attachment) = (new WorkloadScope { Everything = trustDomain != workloads.TrustDomain }, new WorkloadScope());
        workloads.TrustDomain = trustDomain;

        Each<AccessPolicy>(byType, (name, policy) => policies.SetAccess(name, policy, protection));
        Each<MtlsPolicy>(byType, (name, policy) => policies.SetMtls(name, policy, protection));
        Each<TelemetryPolicy>(byType, (name, policy) =>
        {
            telemetry.Set(name, policy, protection);
            gateways.Reattach();
        });
        Each<TrafficPolicy>(byType, (name, policy) =>
        {
            traffic.Set(name, policy, attachment);
            gateways.Reattach();
        });
        Each<HttpRoute>(byType, (name, route) => Reattach(routes.SetHttp(name, route)));
        Each<GrpcRoute>(byType, (name, route) => Reattach(routes.SetGrpc(name, route)));
        Each<TcpRoute>(byType, (name, route) => Reattach(routes.SetTcp(name, route)));
        Each<TlsRoute>(byType, (name, route) => Reattach(routes.SetTls(name, route)));
        Each<Gateway>(byType, gateways.Set);
        Each<Service>(byType, (name, service) =>
        {
            services.Set(name, service);
            protection.Services.Add(name); // the workloads behind it name their ports after it
        });
        services.Reattach(attachment);
        SetWorkloads([.. byType[ConfigTypes.UrlOf(Workload.Descriptor)]], protection);
        services.Settle();
        gateways.Settle();
        return new Snapshot
        {
            Version = ++version,
            TrustDomain = trustDomain,
            ServicesByKey = services.ByKey,
            ServicesByAddress = services.ByAddress,
            ServicesByHost = services.ByHost,
            HostParents = services.HostParents,
            WorkloadsByUid = workloads.ByUid,
            WorkloadsByAddress = workloads.ByAddress,
            Gateways = gateways.Models,
            Telemetry = telemetry.Mesh,
        };
    }

    private static IEnumerable<ConfigChange> Newest(IReadOnlyList<ConfigChange> changes)
    {
        if (changes.Count < 2) return changes;
        var newest = new Dictionary<(string, string), ConfigChange>();
        foreach (var change in changes) newest[(change.TypeUrl, change.Name)] = change;
        return newest.Values;
    }

    private static void Each<T>(ILookup<string, ConfigChange> changes, Action<string, T?> take)
        where T : class, IMessage<T>, new()
    {
        foreach (var change in changes[ConfigTypes.UrlOf(new T().Descriptor)]) take(change.Name, (T?)change.Resource?.Parse());
    }

    private void Reattach(IEnumerable<ParentRef> parents)
    {
        foreach (var parent in parents)
        {
            if (parent.Kind == ParentRef.Types.Kind.Gateway) gateways.Reattach();
            else services.Reattach(parent.Name);
        }
    }

    private void SetWorkloads(List<ConfigChange> changes, WorkloadScope concerned)
    {
        foreach (var change in changes)
        {
            if (change.Resource is { } resource) workloads.Set(resource);
            else workloads.Remove(change.Name);
        }
        workloads.Recheck(concerned, changes.Select(static change => change.Name).ToHashSet(StringComparer.Ordinal));
    }
}
