using System.Collections.Frozen;
using Google.Protobuf;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Gateways;
using Mesh.Protocol.Config;

namespace Mesh.Control.Translation;

/// <summary>Turns the compact resources into what the proxy reads. Keeps the long-lived state of endpoints from one snapshot to the next.
/// One caller at a time, never on a loop.</summary>
public sealed class SnapshotTranslator
{
    private readonly ServiceTranslator services;
    private long version;

    /// <param name="loops">How many worker loops count into per-loop state.</param>
    public SnapshotTranslator(int loops, Random random) => services = new ServiceTranslator(loops, random);

    /// <param name="trustDomain">For workloads that name none.</param>
    public Snapshot Translate(IEnumerable<IMessage> resources, string trustDomain)
    {
        var groups = new ResourceGroups(resources);
        var policies = new PolicyTranslator(groups);
        var workloads = new WorkloadTranslator(trustDomain, policies).Translate(groups.Workloads);
        var routes = new RouteTranslator(groups);
        var translated = services.Translate(groups, workloads, routes);
        return new Snapshot
        {
            Version = ++version,
            TrustDomain = trustDomain,
            ServicesByKey = translated.ToFrozenDictionary(static s => s.Key),
            ServicesByAddress = FirstWins(translated, static s => s.Addresses),
            ServicesByHost = FirstWins(translated, static s => s.Hostnames),
            WorkloadsByUid = workloads.ToFrozenDictionary(static w => w.Uid),
            WorkloadsByAddress = FirstWins(workloads, static w => w.Addresses),
            Telemetry = new TelemetryTranslator(groups).Translate(),
            Gateways = [.. groups.Gateways.Select(gateway => ToGateway(gateway, routes))],
        };
    }

    /// <summary>Two owners of one address is a conflict that the controller reports; here the first by name keeps it, on every node alike.</summary>
    private static FrozenDictionary<TKey, TValue> FirstWins<TKey, TValue>(IEnumerable<TValue> values, Func<TValue, IEnumerable<TKey>> keys)
        where TKey : notnull
    {
        var result = new Dictionary<TKey, TValue>();
        foreach (var value in values)
        {
            foreach (var key in keys(value)) result.TryAdd(key, value);
        }
        return result.ToFrozenDictionary();
    }

    private static GatewayModel ToGateway(Gateway gateway, RouteTranslator routes)
    {
        string key = $"{gateway.Namespace}/{gateway.Name}";
        return new GatewayModel(key, [.. gateway.Addresses.Select(static a => Ip.FromBytes(a.Span))],
            [.. gateway.Listeners.Select(listener => new GatewayListenerModel
            {
                Name = listener.Name,
                Port = (int)listener.Port,
                Protocol = ToProtocol(listener),
                HttpRoutes = routes.HttpOf(ParentRef.Types.Kind.Gateway, key, (int)listener.Port, listener.Name, listener.Hostname),
                TcpBackends = routes.TcpOf(ParentRef.Types.Kind.Gateway, key, (int)listener.Port, listener.Name),
            })]);
    }

    /// <summary>A listener that should be encrypted must not be opened in clear.</summary>
    private static Proxy.Configuration.AppProtocol ToProtocol(GatewayListener listener) => listener.Protocol switch
    {
        GatewayListener.Types.Protocol.Http => Proxy.Configuration.AppProtocol.Http1,
        GatewayListener.Types.Protocol.Tcp => Proxy.Configuration.AppProtocol.Tcp,
        _ => throw new NotSupportedException($"listener {listener.Name}: {listener.Protocol} is not carried out by this version"),
    };
}
