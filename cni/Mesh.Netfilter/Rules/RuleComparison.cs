namespace Mesh.Netfilter.Rules;

/// <summary>Wanted rules against those in the kernel.</summary>
internal static class RuleComparison
{
    /// <summary>One line per difference; empty when the kernel holds exactly what is wanted.</summary>
    internal static IEnumerable<string> Differences(RuleSet wanted, SavedRules saved)
    {
        foreach (var table in wanted.Tables)
        {
            foreach (var chain in table.Chains)
            {
                foreach (string difference in OfChain(table.Name, chain, saved)) yield return $"{wanted.Family} {table.Name}: {difference}";
            }
        }
        foreach (string table in saved.Tables)
        {
            foreach (string name in saved.OwnChains(table).Where(name => !IsWanted(wanted, table, name)))
                yield return $"{wanted.Family} {table}: chain {name} is not wanted";
        }
    }

    private static IEnumerable<string> OfChain(string table, ChainRules chain, SavedRules saved)
    {
        var actual = saved.Rules(table, chain.Name);
        if (actual is null)
        {
            yield return $"chain {chain.Name} is missing";
            yield break;
        }
        // A jump further down lets whatever stands before it decide first.
        if (saved.Rules(table, chain.Hook) is not [var first, ..] || first != chain.Jump)
            yield return $"chain {chain.Hook} does not begin with {chain.Jump}";
        var missing = chain.Rules.Except(actual).ToList();
        var unexpected = actual.Except(chain.Rules).ToList();
        foreach (string rule in missing) yield return $"missing rule -A {chain.Name} {rule}";
        foreach (string rule in unexpected) yield return $"unexpected rule -A {chain.Name} {rule}";
        if (missing.Count + unexpected.Count == 0 && !actual.SequenceEqual(chain.Rules)) yield return $"the rules of {chain.Name} are repeated or out of order";
    }

    private static bool IsWanted(RuleSet wanted, string table, string chain) =>
        wanted.Tables.Any(known => known.Name == table && known.Chains.Any(candidate => candidate.Name == chain));
}
