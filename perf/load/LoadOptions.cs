using System.Globalization;

namespace Mesh.Load;

/// <summary>What the command line asks for, checked.</summary>
internal sealed record LoadOptions
{
    /// <summary>rate or idle.</summary>
    public required string Mode { get; init; }
    public Uri Url { get; init; } = new("http://127.0.0.1/");
    public string ExpectFile { get; init; } = "";
    public int Rate { get; init; }
    public TimeSpan Duration { get; init; }
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(0.5);
    public int Connections { get; init; } = 64;
    public bool NewConnections { get; init; }

    /// <exception cref="FormatException">Something is unknown, missing or out of range.</exception>
    public static LoadOptions Parse(IReadOnlyList<string> arguments)
    {
        if (arguments is not ["rate" or "idle", ..]) throw new FormatException("the first argument is rate or idle");
        var options = new LoadOptions { Mode = arguments[0] };
        for (int i = 1; i < arguments.Count; i++)
            options = arguments[i] == "--new-connections" ? options with { NewConnections = true } : options.With(arguments[i], i + 1 < arguments.Count ? arguments[++i] : "");
        if (options.ExpectFile.Length == 0) throw new FormatException("--expect is needed");
        if (options.Mode == "rate" && (options.Rate == 0 || options.Duration == TimeSpan.Zero)) throw new FormatException("--rate and --seconds are needed");
        return options;
    }

    private LoadOptions With(string name, string value) => name switch
    {
        "--url" when Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme == "http" => this with { Url = url },
        "--expect" => this with { ExpectFile = value },
        "--rate" => this with { Rate = (int)Number(name, value, 1, 1_000_000) },
        "--seconds" => this with { Duration = TimeSpan.FromSeconds(Number(name, value, 0.1, 3600)) },
        "--warm-up" => this with { WarmUp = TimeSpan.FromSeconds(Number(name, value, 0, 60)) },
        "--connections" => this with { Connections = (int)Number(name, value, 1, 60_000) },
        _ => throw new FormatException($"{name} {value} is not understood"),
    };

    private static double Number(string name, string value, double least, double most) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= least && number <= most
            ? number : throw new FormatException($"{name}: '{value}' is not a number from {least} to {most}");
}
