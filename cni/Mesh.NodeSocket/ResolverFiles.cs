using System.Net;
using Mesh.Netfilter;
using Mesh.Netfilter.Files;

namespace Mesh.NodeSocket;

/// <summary>What resolver files say. The plugin reads them when it enrols a workload; the daemon reads them again when they change.
/// Loopback servers are left out: they live in another namespace than the workload. (Loops and lists: the plugin must not compile anything.)</summary>
public static class ResolverFiles
{
    private const int MaxServers = 3; // as many as the C library asks
    private const int MaxDomains = 32;
    private const int MaxNameLength = 253;
    private const int MaxFileBytes = 32 << 10;

    /// <summary>Those of a workload, best first.</summary>
    /// <param name="root">Folder that stands for "/"; tests use another.</param>
    public static IReadOnlyList<string> Of(string namespacePath, string root = "/")
    {
        var files = new List<string>();
        if (Path.GetDirectoryName(namespacePath) is "/run/netns" or "/var/run/netns") files.Add(Path.Combine(root, "etc/netns", Path.GetFileName(namespacePath), "resolv.conf"));
        files.Add(Path.Combine(root, "etc/resolv.conf"));
        files.Add(Path.Combine(root, "run/systemd/resolve/resolv.conf")); // behind the stub 127.0.0.53
        return files;
    }

    /// <summary>Of the first file that has any.</summary>
    public static IReadOnlyList<string> Servers(IReadOnlyList<string> files)
    {
        foreach (string file in files)
        {
            var named = new List<string>();
            foreach (string[] words in Read(file))
            {
                if (words is ["nameserver", _, ..]) named.Add(words[1]);
            }
            var usable = UsableServers(named);
            if (usable.Count > 0) return usable;
        }
        return [];
    }

    /// <summary>Domains that the workload's resolver appends to names, lower case: of the first file that says any.</summary>
    public static IReadOnlyList<string> SearchDomains(IReadOnlyList<string> files)
    {
        foreach (string file in files)
        {
            // Of several lines the C library keeps the last.
            string[]? line = Read(file).FindLast(static words => words is ["search" or "domain", _, ..]);
            if (line is not null) return UsableDomains(line[1..]);
        }
        return [];
    }

    public static IReadOnlyList<string> UsableServers(IReadOnlyList<string> servers)
    {
        var usable = new List<string>();
        foreach (string server in servers)
        {
            if (usable.Count < MaxServers && AddressText.TryParse(server) is { } address && !IPAddress.IsLoopback(address)) usable.Add(server);
        }
        return usable;
    }

    public static IReadOnlyList<string> UsableDomains(IReadOnlyList<string> domains)
    {
        var usable = new List<string>();
        foreach (string text in domains)
        {
            string domain = text.TrimEnd('.').ToLowerInvariant();
            if (usable.Count < MaxDomains && IsDomain(domain)) usable.Add(domain);
        }
        return usable;
    }

    private static bool IsDomain(string text)
    {
        if (text.Length is 0 or > MaxNameLength || !char.IsAsciiLetterOrDigit(text[0])) return false;
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')) return false;
        }
        return true;
    }

    private static List<string[]> Read(string path)
    {
        var lines = new List<string[]>();
        if (SmallFile.TryRead(path, MaxFileBytes) is not { } content) return lines;
        foreach (string line in content.Split('\n')) lines.Add(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return lines;
    }
}
