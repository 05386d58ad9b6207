using System.Globalization;

namespace Mesh.Soak.Loading;

/// <summary>What one client process does.</summary>
/// <param name="Name">Begins the ids of its requests.</param>
/// <param name="Rate">Conversations a second at most, of all workers together.</param>
/// <param name="Kinds">Empty: all.</param>
/// <param name="Ledger">File to which the ledger is written at the end.</param>
internal sealed record LoadOptions(string Name, ulong Seed, int Workers, int Rate, IReadOnlyList<string> Kinds, string Ledger, IReadOnlyList<Target> Targets)
{
    /// <param name="arguments">name seed workers rate kinds ledger target…; a target is "gateway=HOST" or the name of a service.</param>
    public static LoadOptions Parse(ReadOnlySpan<string> arguments) => new(
        arguments[0],
        ulong.Parse(arguments[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        int.Parse(arguments[2], CultureInfo.InvariantCulture),
        int.Parse(arguments[3], CultureInfo.InvariantCulture),
        arguments[4].Split(',', StringSplitOptions.RemoveEmptyEntries),
        arguments[5],
        [.. arguments[6..].ToArray().Select(ParseTarget)]);

    public IReadOnlyList<string> ToArguments() =>
    [
        Name, Seed.ToString("x", CultureInfo.InvariantCulture), Workers.ToString(CultureInfo.InvariantCulture), Rate.ToString(CultureInfo.InvariantCulture),
        string.Join(',', Kinds), Ledger, .. Targets.Select(target => target.Name == "gateway" ? $"gateway={target.Host}" : target.Name),
    ];

    private static Target ParseTarget(string text) =>
        text.StartsWith("gateway=", StringComparison.Ordinal) ? Target.Gateway(text["gateway=".Length..]) : Target.Service(text);
}
