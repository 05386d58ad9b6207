using System.Globalization;
using Mesh.Compare.Measuring;
using Mesh.Compare.Scenarios;
using Mesh.Kit.Machines;

namespace Mesh.Compare;

/// <summary>What the command line asks for.</summary>
/// <param name="Folder">For result files.</param>
internal sealed record CompareOptions(Plan Plan, IReadOnlyList<IScenario> Scenarios, string Folder)
{
    public const string Usage = """
        Mesh.Compare [--only a,c,e-mtls] [--rounds N] [--seconds N] [--quick] [--out FOLDER]
          --only     scenarios by key, or all of a letter
          --rounds   how often each candidate is measured; 5
          --seconds  of full load per candidate and round; 2
          --quick    2 rounds of 1 s, short warm-up, smaller numbers: to see that all works; results go to perf/results/quick
          --out      folder of the result files; perf/results
        """;

    /// <exception cref="FormatException">Something is unknown or out of range.</exception>
    public static CompareOptions Parse(IReadOnlyList<string> arguments)
    {
        bool quick = arguments.Contains("--quick");
        string results = Path.Combine(Repository.Root, "perf", "results");
        var options = new CompareOptions(quick ? Plan.Quick : Plan.Default, Catalogue.All, quick ? Path.Combine(results, "quick") : results);
        for (int i = 0; i < arguments.Count; i++)
            if (arguments[i] != "--quick") options = options.With(arguments[i], i + 1 < arguments.Count ? arguments[++i] : "");
        return options;
    }

    private CompareOptions With(string name, string value) => name switch
    {
        "--only" => this with { Scenarios = Catalogue.Select(value) },
        "--rounds" => this with { Plan = Plan with { Rounds = Number(name, value) } },
        "--seconds" => this with { Plan = Plan with { FullLoad = TimeSpan.FromSeconds(Number(name, value)) } },
        "--out" when value.Length > 0 => this with { Folder = value },
        _ => throw new FormatException($"{name} {value} is not understood"),
    };

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= 1000
            ? number : throw new FormatException($"{name}: '{value}' is not a number from 1 to 1000");
}
