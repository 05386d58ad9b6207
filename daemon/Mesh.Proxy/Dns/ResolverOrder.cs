using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Which servers are asked in which order: the one that the client asked, then those that the workload is known to have. One that
/// was silent comes last for a while: without this every name would wait for it. Lives on one loop.</summary>
internal sealed class ResolverOrder(DnsOptions options, TimeProvider time)
{
    private const int MaxSilent = 16; // a workload can ask any server; those of its own are at most three

    private readonly Dictionary<IpPort, long> silent = [];

    /// <summary>Those that the workload is known to have, best first.</summary>
    internal IReadOnlyList<IpPort> Known { get; set; } = options.Resolvers;

    /// <param name="preferred">The server that the client itself tried to reach, if the kernel knows.</param>
    internal List<IpPort> For(IpPort? preferred)
    {
        List<IpPort> servers = preferred is { } first ? [first, .. Known.Where(server => server != first)] : [.. Known];
        if (silent.Count == 0 || servers.Count < 2) return servers;
        return [.. servers.Where(server => !IsSilent(server)), .. servers.Where(IsSilent)];
    }

    internal void WasSilent(IpPort server)
    {
        if (silent.Count >= MaxSilent) silent.Clear();
        silent[server] = time.GetTimestamp();
    }

    internal void Answered(IpPort server) => silent.Remove(server);

    private bool IsSilent(IpPort server) => silent.TryGetValue(server, out long since) && time.GetElapsedTime(since) < options.ServerPenalty;
}
