using System.Collections.Frozen;
using Mesh.Io;
using Mesh.Proxy.Gateways;

namespace Mesh.Proxy.Configuration;

/// <summary>Everything a request needs to be decided, immutable. A request reads one snapshot; a change is a new one.</summary>
public sealed class Snapshot
{
    public static readonly Snapshot Empty = new();

    public long Version { get; init; }
    public string TrustDomain { get; init; } = "cluster.local";
    public FrozenDictionary<Ip, ServiceModel> ServicesByAddress { get; init; } = FrozenDictionary<Ip, ServiceModel>.Empty;
    public FrozenDictionary<string, ServiceModel> ServicesByKey { get; init; } = FrozenDictionary<string, ServiceModel>.Empty;
    public FrozenDictionary<string, ServiceModel> ServicesByHost { get; init; } = FrozenDictionary<string, ServiceModel>.Empty;
    public FrozenDictionary<Ip, WorkloadModel> WorkloadsByAddress { get; init; } = FrozenDictionary<Ip, WorkloadModel>.Empty;
    public FrozenDictionary<string, WorkloadModel> WorkloadsByUid { get; init; } = FrozenDictionary<string, WorkloadModel>.Empty;
    public IReadOnlyList<GatewayModel> Gateways { get; init; } = [];
    public TelemetryTable Telemetry { get; init; } = TelemetryTable.Empty;

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
