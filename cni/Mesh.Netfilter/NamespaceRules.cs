using Mesh.Netfilter.Files;
using Mesh.Netfilter.Netlink;
using Mesh.Netfilter.Processes;
using Mesh.Netfilter.Rules;

namespace Mesh.Netfilter;

/// <summary>Applies, removes and verifies the capture of the network namespace in which the calling thread is (see NetworkNamespace.Enter).
/// Blocks for some milliseconds. One caller per namespace at a time.</summary>
public static class NamespaceRules
{
    /// <summary>Idempotent. On failure a namespace that was open is open again and holds nothing of ours; one that was captured stays captured.</summary>
    /// <param name="meanwhile">What the calling thread does while the system's tools work; must not throw.</param>
    /// <returns>True when the namespace was open before, false when rules of ours were there already.</returns>
    /// <exception cref="CaptureException">A tool is missing or the kernel refused; the message says which rule.</exception>
    public static bool Apply(CaptureOptions options, Action? meanwhile = null)
    {
        var families = new List<FamilyRules>();
        foreach (var family in Families()) families.Add(new(FirewallTools.Locate(family), RuleSetBuilder.Build(options, family)));
        ApplyRouting();
        var errors = ChildProcess.RunAll(
            families, static family => family.Tools.StartRestore(RestoreScript.Fresh(family.Rules)), FirewallTools.FinishRestore, meanwhile);
        return errors.TrueForAll(static error => error is null) || Reconcile(families, errors);
    }

    /// <summary>Idempotent; foreign rules are left alone.</summary>
    /// <exception cref="CaptureException">Something of ours is left.</exception>
    public static void Remove()
    {
        var captured = new List<FamilyRemoval>();
        foreach (var (family, tools, saved) in SaveAll())
        {
            string script = RestoreScript.Remove(saved);
            if (script.Length > 0) captured.Add(new(family, tools, script));
        }
        var errors = ChildProcess.RunAll(captured, static family => family.Tools.StartRestore(family.Script), FirewallTools.FinishRestore);
        int failed = errors.FindIndex(static error => error is not null);
        if (failed >= 0) throw new CaptureException($"{captured[failed].Family} redirection rules cannot be removed: {errors[failed]}");
        using var socket = new NetlinkSocket();
        foreach (var family in Families()) PolicyRouting.Remove(socket, family);
    }

    /// <summary>What differs between the kernel and the options, one line each; empty when the capture is complete.</summary>
    public static IReadOnlyList<string> Verify(CaptureOptions options)
    {
        var differences = new List<string>();
        using var socket = new NetlinkSocket();
        foreach (var (family, _, saved) in SaveAll())
        {
            differences.AddRange(RuleComparison.Differences(RuleSetBuilder.Build(options, family), saved));
            if (HasRouting(family)) differences.AddRange(PolicyRouting.Differences(socket, family));
        }
        return differences;
    }

    /// <summary>Throws if a tool that <see cref="Apply"/> needs is missing.</summary>
    public static void CheckTools()
    {
        foreach (var family in Families()) FirewallTools.Locate(family);
    }

    private static List<FamilySaved> SaveAll()
    {
        var tools = new List<FirewallTools>();
        var families = Families();
        foreach (var family in families) tools.Add(FirewallTools.Locate(family));
        var saved = ChildProcess.RunAll(tools, static tool => tool.StartSave(), FirewallTools.FinishSave);
        var all = new List<FamilySaved>();
        for (int i = 0; i < families.Length; i++) all.Add(new(families[i], tools[i], saved[i]));
        return all;
    }

    /// <summary>Where a fresh restore failed, a chain of ours was usually there from an earlier run: look, and change what differs.
    /// nat is committed last, so a failed family whose nat table is captured was captured before.</summary>
    private static bool Reconcile(List<FamilyRules> families, List<string?> errors)
    {
        bool wasCaptured = false;
        for (int i = 0; i < families.Count; i++)
        {
            if (errors[i] is null) continue;
            var (tools, rules) = families[i];
            var saved = tools.Save();
            wasCaptured |= saved.IsCaptured;
            if (tools.Restore(RestoreScript.Reconcile(rules, saved)) is not { } error) continue;
            if (!wasCaptured) RemoveQuietly();
            throw new CaptureException($"{rules.Family} redirection rules were refused: {error}");
        }
        return !wasCaptured;
    }

    private static void ApplyRouting()
    {
        using var socket = new NetlinkSocket();
        PolicyRouting.RaiseLoopback(socket);
        foreach (var family in Families())
        {
            if (HasRouting(family)) PolicyRouting.Add(socket, family);
        }
    }

    private static void RemoveQuietly()
    {
        try
        {
            Remove();
        }
        catch (CaptureException)
        {
            // The error that led here is the one to report.
        }
    }

    /// <summary>IPv6 rules are set wherever the kernel knows IPv6, even while it is switched off: switching it on later must not open the namespace.</summary>
    private static IpFamily[] Families() => File.Exists("/proc/thread-self/net/if_inet6") ? [IpFamily.IPv4, IpFamily.IPv6] : [IpFamily.IPv4];

    /// <summary>The kernel takes no IPv6 route on a device where IPv6 is off.</summary>
    private static bool HasRouting(IpFamily family)
    {
        const string setting = "/proc/sys/net/ipv6/conf/lo/disable_ipv6";
        return family == IpFamily.IPv4 || SmallFile.TryRead(setting, limitBytes: 16)?.Trim() == "0";
    }

    // Classes: lists of tuples would be compiled at every start of the plugin.
    private sealed record FamilyRules(FirewallTools Tools, RuleSet Rules);

    private sealed record FamilyRemoval(IpFamily Family, FirewallTools Tools, string Script);

    private sealed record FamilySaved(IpFamily Family, FirewallTools Tools, SavedRules Saved);
}
