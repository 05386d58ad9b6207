using System.Net;
using Mesh.Netfilter;
using Mesh.Netfilter.Files;

namespace Mesh.Cni.Workloads;

/// <summary>Where a workload's names were resolved before capture: what the network says, else the resolver file that the workload sees.
/// Loopback servers are left out: they live in another namespace than the workload.</summary>
internal static class ResolverList
{
    private const int MaxServers = 3; // as many as the C library asks
    private const int MaxDomains = 32;
    private const int MaxNameLength = 253;
    private const int MaxFileBytes = 32 << 10;

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
            var named = new List<string>();
            foreach (string[] words in ReadFile(file))
            {
                if (words is ["nameserver", _, ..]) named.Add(words[1]);
            }
            var usable = Usable(named);
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
            string[]? line = ReadFile(file).FindLast(static words => words is ["search" or "domain", _, ..]);
            if (line is not null) return UsableDomains(line[1..]);
        }
        return [];
    }

    private static List<string> Files(string namespacePath, string root)
    {
        var files = new List<string>();
        string folder = Path.GetDirectoryName(namespacePath) ?? "";
        if (folder is "/run/netns" or "/var/run/netns") files.Add(Path.Combine(root, "etc/netns", Path.GetFileName(namespacePath), "resolv.conf"));
        files.Add(Path.Combine(root, "etc/resolv.conf"));
        files.Add(Path.Combine(root, "run/systemd/resolve/resolv.conf")); // behind the stub 127.0.0.53
        return files;
    }

    private static List<string[]> ReadFile(string path)
    {
        var lines = new List<string[]>();
        if (SmallFile.TryRead(path, MaxFileBytes) is not { } content) return lines;
        foreach (string line in content.Split('\n')) lines.Add(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return lines;
    }

    private static List<string> Usable(IReadOnlyList<string> servers)
    {
        var usable = new List<string>();
        foreach (string server in servers)
        {
            if (usable.Count < MaxServers && AddressText.TryParse(server) is { } address && !IPAddress.IsLoopback(address)) usable.Add(server);
        }
        return usable;
    }

    private static List<string> UsableDomains(IReadOnlyList<string> domains)
    {
        var usable = new List<string>();
        foreach (string text in domains)
        {
            string domain = text.TrimEnd('.').ToLowerInvariant();
            if (usable.Count < MaxDomains && IsDomain(domain)) usable.Add(domain);
        }
        return usable;
    }

    private static bool IsDomain(string text) => text.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterOrDigit(text[0])
        && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
}
