using Mesh.Netfilter.Netlink;
using Mesh.Netfilter.Processes;
using Mesh.Netfilter.Rules;

namespace Mesh.Netfilter;

/// <summary>Applies, removes and verifies the capture of the network namespace in which the calling thread is (see NetworkNamespace.Enter).
/// Blocks for some milliseconds. One caller per namespace at a time.</summary>
public static class NamespaceRules
{
    /// <summary>Idempotent. On failure a namespace that was open is open again and holds nothing of ours; one that was captured stays captured.</summary>
    /// <returns>True when the namespace was open before, false when rules of ours were there already.</returns>
    /// <exception cref="CaptureException">A tool is missing or the kernel refused; the message says which rule.</exception>
    public static bool Apply(CaptureOptions options)
    {
        var families = Families().Select(family => (Tools: FirewallTools.Locate(family), Rules: RuleSetBuilder.Build(options, family))).ToList();
        ApplyRouting();
        var errors = RestoreFresh(families);
        return errors.All(error => error is null) || Reconcile(families, errors);
    }

    /// <summary>Idempotent; foreign rules are left alone.</summary>
    /// <exception cref="CaptureException">Something of ours is left.</exception>
    public static void Remove()
    {
        foreach (var family in Families())
        {
            var tools = FirewallTools.Locate(family);
            string script = RestoreScript.Remove(tools.Save());
            if (script.Length > 0 && tools.Restore(script) is { } error) throw new CaptureException($"{family} redirection rules cannot be removed: {error}");
        }
        using var socket = new NetlinkSocket();
        foreach (var family in Families()) PolicyRouting.Remove(socket, family);
    }

    /// <summary>What differs between the kernel and the options, one line each; empty when the capture is complete.</summary>
    public static IReadOnlyList<string> Verify(CaptureOptions options)
    {
        var differences = new List<string>();
        using var socket = new NetlinkSocket();
        foreach (var family in Families())
        {
            var saved = FirewallTools.Locate(family).Save();
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

    private static List<string?> RestoreFresh(List<(FirewallTools Tools, RuleSet Rules)> families)
    {
        var children = new List<ChildProcess>();
        try
        {
            foreach (var (tools, rules) in families) children.Add(tools.StartRestore(RestoreScript.Fresh(rules)));
            return children.ConvertAll(FirewallTools.FinishRestore);
        }
        finally
        {
            children.ForEach(static child => child.Dispose());
        }
    }

    /// <summary>Where a fresh restore failed, a chain of ours was usually there from an earlier run: look, and change what differs.
    /// nat is committed last, so a failed family whose nat table is captured was captured before.</summary>
    private static bool Reconcile(List<(FirewallTools Tools, RuleSet Rules)> families, List<string?> errors)
    {
        bool wasCaptured = false;
        foreach (var ((tools, rules), _) in families.Zip(errors).Where(static pair => pair.Second is not null))
        {
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
        foreach (var family in Families().Where(HasRouting)) PolicyRouting.Add(socket, family);
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
    private static IEnumerable<IpFamily> Families() => File.Exists("/proc/thread-self/net/if_inet6") ? [IpFamily.IPv4, IpFamily.IPv6] : [IpFamily.IPv4];

    /// <summary>The kernel takes no IPv6 route on a device where IPv6 is off.</summary>
    private static bool HasRouting(IpFamily family)
    {
        const string setting = "/proc/sys/net/ipv6/conf/lo/disable_ipv6";
        return family == IpFamily.IPv4 || File.Exists(setting) && File.ReadAllText(setting).Trim() == "0";
    }
}
