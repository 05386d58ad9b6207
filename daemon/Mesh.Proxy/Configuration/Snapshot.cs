using Mesh.Io;
using Mesh.Proxy.Gateways;

namespace Mesh.Proxy.Configuration;

/// <summary>Everything a request needs to be decided, immutable. A request reads one snapshot; a change is a new one, which shares with the
/// one before every model that the change does not concern.</summary>
public sealed class Snapshot
{
    public static readonly Snapshot Empty = new();

    public long Version { get; init; }
    public string TrustDomain { get; init; } = "cluster.local";
    public Table<Ip, ServiceModel> ServicesByAddress { get; init; } = Table<Ip, ServiceModel>.Empty;
    public Table<string, ServiceModel> ServicesByKey { get; init; } = Table<string, ServiceModel>.Empty;
    public Table<string, ServiceModel> ServicesByHost { get; init; } = Table<string, ServiceModel>.Empty;

    /// <summary>Names above those of <see cref="ServicesByHost"/>, as shop.mesh is above catalog.shop.mesh; each leads to itself.</summary>
    public Table<string, string> HostParents { get; init; } = Table<string, string>.Empty;

    public Table<Ip, WorkloadModel> WorkloadsByAddress { get; init; } = Table<Ip, WorkloadModel>.Empty;
    public Table<string, WorkloadModel> WorkloadsByUid { get; init; } = Table<string, WorkloadModel>.Empty;
    public IReadOnlyList<GatewayModel> Gateways { get; init; } = [];

    /// <summary>What is recorded about what no policy names.</summary>
    public TelemetryModel Telemetry { get; init; } = TelemetryModel.Default;

    public TelemetryModel TelemetryOfWorkload(string uid) => WorkloadsByUid.TryGetValue(uid, out var workload) ? workload.Telemetry : Telemetry;

    /// <summary>A machine has few gateways, and this is asked once a connection and snapshot.</summary>
    public TelemetryModel TelemetryOfGateway(string key)
    {
        foreach (var gateway in Gateways)
        {
            if (gateway.Key == key) return gateway.Telemetry;
        }
        return Telemetry;
    }

    /// <summary>Whether connections to that port of a workload begin with a PROXY header.</summary>
    public bool SendsProxyHeader(WorkloadModel workload, int port) =>
        workload.Ports.TryGetValue(port, out var known) && FindServicePort(known.ServiceKey, known.ServicePort) is { Traffic.SendsProxyHeader: true };

    public ServicePortModel? FindServicePort(string key, int port) =>
        ServicesByKey.TryGetValue(key, out var service) ? service.FindPort(port) : null;
}

/// <summary>The snapshot in force. Written by Mesh.Control, read by the loops.</summary>
public sealed class SnapshotHolder
{
    private volatile Snapshot current = Snapshot.Empty;

    public Snapshot Current => current;

    /// <summary>After the swap, on the thread that made it.</summary>
    public event Action<Snapshot>? Changed;

    public void Publish(Snapshot snapshot)
    {
        current = snapshot;
        Changed?.Invoke(snapshot);
    }
}
