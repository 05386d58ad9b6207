namespace Mesh.Netfilter.Rules;

/// <summary>What iptables-save printed: the rules really in the kernel, per table and chain, each without its "-A CHAIN".</summary>
internal sealed class SavedRules
{
    private const string OwnPrefix = "MESH_";
    private readonly Dictionary<string, Dictionary<string, List<string>>> tables = [];

    internal IEnumerable<string> Tables => tables.Keys;

    internal bool IsCaptured => OwnChains("nat").Any();

    internal static SavedRules Parse(string text)
    {
        var saved = new SavedRules();
        Dictionary<string, List<string>>? chains = null;
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] == '*')
            {
                saved.tables[line[1..]] = chains = [];
                continue;
            }
            if (chains is null) continue;
            if (line[0] == ':') chains.TryAdd(line[1..].Split(' ', 2)[0], []);
            else if (line.StartsWith("-A ", StringComparison.Ordinal)) AddRule(chains, line[3..]);
        }
        return saved;
    }

    internal IEnumerable<string> OwnChains(string table) =>
        tables.TryGetValue(table, out var chains) ? chains.Keys.Where(name => name.StartsWith(OwnPrefix, StringComparison.Ordinal)) : [];

    /// <summary>Null when the chain does not exist.</summary>
    internal IReadOnlyList<string>? Rules(string table, string chain) =>
        tables.TryGetValue(table, out var chains) && chains.TryGetValue(chain, out var rules) ? rules : null;

    /// <summary>Every built-in chain that jumps to the given one, once per jump.</summary>
    internal IEnumerable<string> JumpsTo(string table, string chain) =>
        tables.TryGetValue(table, out var chains)
            ? chains.SelectMany(pair => pair.Value.Where(rule => rule == $"-j {chain}").Select(_ => pair.Key))
            : [];

    private static void AddRule(Dictionary<string, List<string>> chains, string line)
    {
        string[] parts = line.Split(' ', 2);
        if (!chains.TryGetValue(parts[0], out var rules)) chains[parts[0]] = rules = [];
        rules.Add(parts.Length == 2 ? parts[1] : "");
    }
}
