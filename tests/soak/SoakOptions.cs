using System.Globalization;

namespace Mesh.Soak;

/// <param name="Kinds">Names of <see cref="Loading.Catalogue"/>; empty: all.</param>
/// <param name="Rate">Conversations a second of each client.</param>
internal sealed record SoakOptions(TimeSpan Duration, ulong Seed, IReadOnlyList<string> Kinds, int Rate)
{
    public static SoakOptions Default(TimeSpan duration) => new(duration, (ulong)Random.Shared.NextInt64(), [], 40);

    /// <returns>Null when the arguments make no sense.</returns>
    public static SoakOptions? TryParse(ReadOnlySpan<string> arguments)
    {
        var options = Default(TimeSpan.FromMinutes(1));
        for (; arguments.Length >= 2; arguments = arguments[2..])
        {
            string value = arguments[1];
            switch (arguments[0])
            {
                case "--minutes": options = options with { Duration = TimeSpan.FromMinutes(double.Parse(value, CultureInfo.InvariantCulture)) }; break;
                case "--seconds": options = options with { Duration = TimeSpan.FromSeconds(double.Parse(value, CultureInfo.InvariantCulture)) }; break;
                case "--seed": options = options with { Seed = ulong.Parse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture) }; break;
                case "--kinds": options = options with { Kinds = value.Split(',') }; break;
                case "--rate": options = options with { Rate = int.Parse(value, CultureInfo.InvariantCulture) }; break;
                default: return null;
            }
        }
        return arguments.IsEmpty ? options : null;
    }
}
