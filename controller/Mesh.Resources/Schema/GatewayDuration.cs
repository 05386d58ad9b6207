namespace Mesh.Resources.Schema;

/// <summary>Duration strings of Gateway API (GEP-2257): "1h30m", "250ms". A subset of Go's, without fractions and signs.</summary>
public static class GatewayDuration
{
    private const int maxParts = 4;
    private const int maxDigits = 5;

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var position = 0;
        for (var part = 0; position < text.Length; part++)
        {
            if (part == maxParts || !TryPart(text, ref position, out var value))
                return false;

            duration += value;
        }

        return text.Length > 0;
    }

    /// <summary>Milliseconds of a duration that validation has accepted; 0 for null.</summary>
    public static ulong Milliseconds(string? text) =>
        text is not null && TryParse(text, out var duration) ? (ulong)duration.TotalMilliseconds : 0;

    private static bool TryPart(string text, ref int position, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        var start = position;
        while (position < text.Length && char.IsAsciiDigit(text[position]))
            position++;

        if (position == start || position - start > maxDigits)
            return false;

        var number = int.Parse(text.AsSpan(start, position - start));
        var rest = text.AsSpan(position);
        (value, var length) = rest switch
        {
            ['m', 's', ..] => (TimeSpan.FromMilliseconds(number), 2),
            ['h', ..] => (TimeSpan.FromHours(number), 1),
            ['m', ..] => (TimeSpan.FromMinutes(number), 1),
            ['s', ..] => (TimeSpan.FromSeconds(number), 1),
            _ => (TimeSpan.Zero, 0),
        };
        position += length;
        return length > 0;
    }
}
