namespace Mesh.Netfilter.Rules;

/// <summary>The rules of one address family, in the order in which their tables are committed: nat last, because its commit
/// is the moment at which the namespace turns from open to captured.</summary>
internal sealed record RuleSet(IpFamily Family, IReadOnlyList<TableRules> Tables);

internal sealed record TableRules(string Name, IReadOnlyList<ChainRules> Chains);

/// <param name="Hook">The built-in chain that jumps here first of all.</param>
/// <param name="Rules">Without "-A CHAIN", exactly as iptables-save prints them, so that verification compares text.</param>
internal sealed record ChainRules(string Name, string Hook, IReadOnlyList<string> Rules)
{
    internal string Jump => $"-j {Name}";
}
