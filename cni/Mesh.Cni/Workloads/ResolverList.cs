using System.Net;

namespace Mesh.Cni.Workloads;

/// <summary>Where a workload's names were resolved before capture: what the network says, else the resolver file that the workload sees.
/// Loopback servers are left out: they live in another namespace than the workload.</summary>
internal static class ResolverList
{
    private const int MaxServers = 3; // as many as the C library asks
    private const int MaxDomains = 32;
    private const int MaxNameLength = 253;

    /// <param name="configured">From the network's own results and configuration, best first.</param>
    /// <param name="root">Folder that stands for "/"; tests use another.</param>
    internal static IReadOnlyList<string> Find(IEnumerable<IReadOnlyList<string>> configured, string namespacePath, string root = "/")
    {
        foreach (var servers in configured)
        {
            var usable = Usable(servers);
            if (usable.Count > 0) return usable;
        }
        foreach (string file in Files(namespacePath, root))
        {
            var usable = Usable(ReadFile(file).Where(static words => words is ["nameserver", _, ..]).Select(static words => words[1]));
            if (usable.Count > 0) return usable;
        }
        return [];
    }

    /// <summary>Domains that the workload's resolver appends to names, lower case.</summary>
    /// <param name="configured">From the network's own results and configuration, best first.</param>
    internal static IReadOnlyList<string> FindSearchDomains(IEnumerable<IReadOnlyList<string>> configured, string namespacePath, string root = "/")
    {
        foreach (var domains in configured)
        {
            var usable = UsableDomains(domains);
            if (usable.Count > 0) return usable;
        }
        foreach (string file in Files(namespacePath, root))
        {
            // Of several lines the C library keeps the last.
            var line = ReadFile(file).LastOrDefault(static words => words is ["search" or "domain", _, ..]);
            if (line is not null) return UsableDomains(line[1..]);
        }
        return [];
    }

    private static IEnumerable<string> Files(string namespacePath, string root)
    {
        string folder = Path.GetDirectoryName(namespacePath) ?? "";
        if (folder is "/run/netns" or "/var/run/netns") yield return Path.Combine(root, "etc/netns", Path.GetFileName(namespacePath), "resolv.conf");
        yield return Path.Combine(root, "etc/resolv.conf");
        yield return Path.Combine(root, "run/systemd/resolve/resolv.conf"); // behind the stub 127.0.0.53
    }

    private static List<string[]> ReadFile(string path)
    {
        if (!File.Exists(path)) return []; // usual, and an exception costs the plugin milliseconds
        try
        {
            return File.ReadLines(path).Take(1000).Select(static line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToList();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static List<string> Usable(IEnumerable<string> servers) =>
        servers.Where(static text => !text.Contains('%') && IPAddress.TryParse(text, out var address) && !IPAddress.IsLoopback(address)).Take(MaxServers).ToList();

    private static List<string> UsableDomains(IEnumerable<string> domains) =>
        domains.Select(static text => text.TrimEnd('.').ToLowerInvariant()).Where(static text => text.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterOrDigit(text[0])
            && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')).Take(MaxDomains).ToList();
}
