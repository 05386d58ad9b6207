using System.Net;

namespace Mesh.NodeSocket;

/// <summary>What resolver files say. The plugin reads them when it enrols a workload; the daemon reads them again when they change.
/// Loopback servers are left out: they live in another namespace than the workload.</summary>
public static class ResolverFiles
{
    private const int MaxServers = 3; // as many as the C library asks
    private const int MaxDomains = 32;
    private const int MaxNameLength = 253;
    private const int MaxLines = 1000;

    /// <summary>Those of a workload, best first.</summary>
    /// <param name="root">Folder that stands for "/"; tests use another.</param>
    public static IReadOnlyList<string> Of(string namespacePath, string root = "/")
    {
        string[] files = [Path.Combine(root, "etc/resolv.conf"), Path.Combine(root, "run/systemd/resolve/resolv.conf")]; // the second is behind the stub 127.0.0.53
        bool isNamed = Path.GetDirectoryName(namespacePath) is "/run/netns" or "/var/run/netns";
        return isNamed ? [Path.Combine(root, "etc/netns", Path.GetFileName(namespacePath), "resolv.conf"), .. files] : files;
    }

    /// <summary>Of the first file that has any.</summary>
    public static IReadOnlyList<string> Servers(IReadOnlyList<string> files)
    {
        foreach (string file in files)
        {
            var usable = UsableServers(Read(file).Where(static words => words is ["nameserver", _, ..]).Select(static words => words[1]));
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
            var line = Read(file).LastOrDefault(static words => words is ["search" or "domain", _, ..]);
            if (line is not null) return UsableDomains(line[1..]);
        }
        return [];
    }

    public static IReadOnlyList<string> UsableServers(IEnumerable<string> servers) =>
        servers.Where(IsUsable).Take(MaxServers).ToList();

    public static IReadOnlyList<string> UsableDomains(IEnumerable<string> domains) =>
        domains.Select(static text => text.TrimEnd('.').ToLowerInvariant()).Where(static text => text.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterOrDigit(text[0])
            && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')).Take(MaxDomains).ToList();

    /// <summary>Not 10.1, which the framework takes for 10.0.0.1.</summary>
    private static bool IsUsable(string text) =>
        !text.Contains('%') && IPAddress.TryParse(text, out var address) && (text.Contains(':') || text.Count(static c => c == '.') == 3) && !IPAddress.IsLoopback(address);

    private static List<string[]> Read(string path)
    {
        if (!File.Exists(path)) return []; // usual, and an exception costs the plugin milliseconds
        try
        {
            return File.ReadLines(path).Take(MaxLines).Select(static line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToList();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
