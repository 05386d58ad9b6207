using System.Collections.Concurrent;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Workloads;

/// <summary>The workloads of this machine that are being served, by uid. Written by the host, read by the loops.</summary>
public sealed class LocalWorkloads
{
    private readonly ConcurrentDictionary<string, LocalWorkloadState> byUid = new();

    public ICollection<LocalWorkloadState> All => byUid.Values;

    public bool TryGet(string uid, out LocalWorkloadState workload) => byUid.TryGetValue(uid, out workload!);

    internal void Add(LocalWorkloadState workload) => byUid[workload.Uid] = workload;

    internal void Remove(LocalWorkloadState workload) => byUid.TryRemove(new(workload.Uid, workload));
}

/// <summary>A served workload: how to make sockets in its namespace, its listeners, and its live connections by loop.</summary>
public sealed class LocalWorkloadState
{
    private readonly HashSet<Connection>[] connections;

    internal LocalWorkloadState(LocalWorkload description, SocketFactory sockets, IReadOnlyList<Loop> loops)
    {
        (Description, Sockets, Uid) = (description, sockets, description.Uid);
        connections = [.. loops.Select(static _ => new HashSet<Connection>())];
    }

    public LocalWorkload Description { get; }
    public SocketFactory Sockets { get; }
    public string Uid { get; }
    internal List<IDisposable> Listeners { get; } = [];

    /// <summary>Whether it can open connections to addresses of a family.</summary>
    internal bool Speaks(bool v4)
    {
        foreach (var address in Description.Addresses)
        {
            if (address.IsV4 == v4) return true;
        }
        return false;
    }

    private SpiffeId? identity;

    /// <summary>The identity is bound to the listening sockets: whoever connects through this namespace's listeners is this workload.</summary>
    public SpiffeId IdentityIn(string trustDomain)
    {
        var known = identity;
        if (known is not null && known.TrustDomain == trustDomain) return known;
        return identity = new SpiffeId(trustDomain, Description.Namespace, Description.ServiceAccount);
    }

    /// <summary>On the connection's loop.</summary>
    internal void Track(Connection connection) => connections[connection.Loop.Index].Add(connection);

    /// <summary>On the connection's loop.</summary>
    internal void Untrack(Connection connection) => connections[connection.Loop.Index].Remove(connection);

    /// <summary>On that loop.</summary>
    internal void AbortAll(Loop loop)
    {
        foreach (var connection in connections[loop.Index].ToArray()) connection.Abort();
    }

    /// <summary>The policy in force on the way in; a workload that the configuration does not know yet takes nothing but strict mutual TLS.</summary>
    internal static WorkloadModel? ModelOf(Snapshot snapshot, string uid) => snapshot.WorkloadsByUid.GetValueOrDefault(uid);
}
