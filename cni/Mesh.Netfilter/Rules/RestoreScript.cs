using System.Text;

namespace Mesh.Netfilter.Rules;

/// <summary>Input for iptables-restore --noflush. Each table is one transaction of the kernel.</summary>
internal static class RestoreScript
{
    /// <summary>For a namespace without any chain of ours; the first "-N" fails before anything is committed if there is one.</summary>
    internal static string Fresh(RuleSet wanted)
    {
        var script = new StringBuilder();
        foreach (var table in wanted.Tables)
        {
            script.Append('*').Append(table.Name).Append('\n');
            foreach (var chain in table.Chains) script.Append("-N ").Append(chain.Name).Append('\n');
            foreach (var chain in table.Chains) AppendRules(script, chain);
            foreach (var chain in table.Chains) AppendJump(script, chain);
            script.Append("COMMIT\n");
        }
        return script.ToString();
    }

    /// <summary>Turns whatever of ours is there into what is wanted. Within a table the kernel sees one change, so nothing opens in between.</summary>
    internal static string Reconcile(RuleSet wanted, SavedRules saved)
    {
        var script = new StringBuilder();
        foreach (string table in saved.Tables.Where(name => wanted.Tables.All(known => known.Name != name)))
            AppendRemoval(script, table, saved.OwnChains(table), saved);
        foreach (var table in wanted.Tables)
        {
            script.Append('*').Append(table.Name).Append('\n');
            var stale = saved.OwnChains(table.Name).Where(name => table.Chains.All(chain => chain.Name != name));
            AppendDeletions(script, table.Name, stale, saved);
            foreach (var chain in table.Chains) script.Append(':').Append(chain.Name).Append(" - [0:0]\n");
            foreach (var chain in table.Chains)
            {
                AppendRules(script, chain);
                AppendJumpRemovals(script, table.Name, chain.Name, saved);
                AppendJump(script, chain);
            }
            script.Append("COMMIT\n");
        }
        return script.ToString();
    }

    /// <summary>Removes every chain of ours and every jump to one; empty when there is none.</summary>
    internal static string Remove(SavedRules saved)
    {
        var script = new StringBuilder();
        foreach (string table in saved.Tables) AppendRemoval(script, table, saved.OwnChains(table), saved);
        return script.ToString();
    }

    private static void AppendRemoval(StringBuilder script, string table, IEnumerable<string> chains, SavedRules saved)
    {
        if (!chains.Any()) return;
        script.Append('*').Append(table).Append('\n');
        AppendDeletions(script, table, chains, saved);
        script.Append("COMMIT\n");
    }

    private static void AppendDeletions(StringBuilder script, string table, IEnumerable<string> chains, SavedRules saved)
    {
        foreach (string chain in chains)
        {
            AppendJumpRemovals(script, table, chain, saved);
            script.Append("-F ").Append(chain).Append("\n-X ").Append(chain).Append('\n');
        }
    }

    private static void AppendJumpRemovals(StringBuilder script, string table, string chain, SavedRules saved)
    {
        foreach (string hook in saved.JumpsTo(table, chain)) script.Append("-D ").Append(hook).Append(" -j ").Append(chain).Append('\n');
    }

    private static void AppendRules(StringBuilder script, ChainRules chain)
    {
        foreach (string rule in chain.Rules) script.Append("-A ").Append(chain.Name).Append(' ').Append(rule).Append('\n');
    }

    private static void AppendJump(StringBuilder script, ChainRules chain) =>
        script.Append("-I ").Append(chain.Hook).Append(" 1 ").Append(chain.Jump).Append('\n');
}
