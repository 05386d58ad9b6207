using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>A connection with a replica.</summary>
/// <param name="Gate">Null where another node decides.</param>
internal sealed record ReplicaConnection(Connection Connection, EndpointModel Endpoint, TrafficParties Parties, RedisGate? Gate, long OpenedAt);

/// <summary>Where a client's reads may go, by the newest configuration. Used on the client's loop.</summary>
internal interface IReplicaSource
{
    /// <returns>Null: nowhere but to the primary.</returns>
    (ReadReplicas Settings, ServicePortModel Service)? Current(Snapshot snapshot);

    /// <param name="avoid">Who has just failed.</param>
    /// <exception cref="Failures.ProxyException">None can be reached; it has been reported.</exception>
    Task<ReplicaConnection> ConnectAsync(ServicePortModel service, EndpointModel? avoid);

    /// <summary>It is over: released and reported.</summary>
    ValueTask EndAsync(ReplicaConnection replica, Failure? failure, long receivedBytes, long sentBytes);
}
