using Mesh.Io;

namespace Mesh.Proxy.Workloads;

/// <summary>A workload of this machine as the one who enrolled it describes it.</summary>
public sealed record LocalWorkload(
    string Namespace,
    string Name,
    string ServiceAccount,
    IReadOnlyList<Ip> Addresses,
    IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>namespace/name, the key everywhere.</summary>
    public string Uid => $"{Namespace}/{Name}";

    /// <summary>Servers that resolved its names before it was enrolled, asked for every name that is not the mesh's; best first.</summary>
    public IReadOnlyList<Ip> Resolvers { get; init; } = [];

    /// <summary>Domains that its resolver appends to names, lower case.</summary>
    public IReadOnlyList<string> SearchDomains { get; init; } = [];

    /// <summary>Files, best first, that say <see cref="Resolvers"/> and are read again when they change; none: they stay as they are.</summary>
    public IReadOnlyList<string> ResolverFiles { get; init; } = [];

    /// <summary>The same for <see cref="SearchDomains"/>.</summary>
    public IReadOnlyList<string> SearchDomainFiles { get; init; } = [];

    /// <summary>False: its DNS questions are not redirected, so there is nothing to listen for on 15053.</summary>
    public bool CapturesDns { get; init; } = true;
}

/// <summary>Serves local workloads. Capture decides who is enrolled and where their sockets are made; the host opens the listeners
/// (15001, 15006, 15008, 15053) through that factory. Thread-safe.</summary>
public interface IWorkloadHost
{
    /// <summary>Opens every listener; on failure closes those already open and throws. Starting a uid that runs replaces it.</summary>
    /// <exception cref="IOException">A port cannot be bound in that namespace; the message names it.</exception>
    Task StartAsync(LocalWorkload workload, SocketFactory sockets);

    /// <summary>Closes listeners at once and aborts the workload's connections. Unknown uid: nothing happens.</summary>
    Task StopAsync(string uid);
}
