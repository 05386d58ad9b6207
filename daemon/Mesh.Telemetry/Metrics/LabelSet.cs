using System.Text;

namespace Mesh.Telemetry.Metrics;

/// <summary>Label values in the order of the family's names, compared by value.</summary>
public sealed class LabelSet : IEquatable<LabelSet>
{
    /// <summary>Longer values are cut: they come from names with limits of their own, so this only stops mistakes.</summary>
    private const int MaxValueLength = 256;

    private readonly string[] values;
    private readonly int hash;
    private volatile Encoded? encoded;

    public LabelSet(params string[] values)
    {
        var code = new HashCode();
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i].Length > MaxValueLength) values[i] = values[i][..MaxValueLength];
            code.Add(values[i]);
        }
        (this.values, hash) = (values, code.ToHashCode());
    }

    /// <summary>A text for one list of names.</summary>
    private sealed record Encoded(IReadOnlyList<string> Names, byte[] Text);

    public static LabelSet None => new([]);

    public ReadOnlySpan<string> Values => values;

    public static LabelSet Overflow(int count)
    {
        var values = new string[count];
        Array.Fill(values, "overflow");
        return new LabelSet(values);
    }

    public bool Equals(LabelSet? other) => ReferenceEquals(this, other) || other is not null && hash == other.hash && Values.SequenceEqual(other.Values);

    public override bool Equals(object? obj) => obj is LabelSet other && Equals(other);

    public override int GetHashCode() => hash;

    /// <summary>a="x",b="y" for a scrape, made at the first one. Families that share their list of names share the text.</summary>
    internal ReadOnlySpan<byte> Text(IReadOnlyList<string> names)
    {
        var known = encoded;
        if (known is null || !ReferenceEquals(known.Names, names)) encoded = known = new Encoded(names, Encode(names));
        return known.Text;
    }

    private byte[] Encode(IReadOnlyList<string> names)
    {
        var text = new StringBuilder();
        for (int i = 0; i < values.Length; i++)
        {
            if (i > 0) text.Append(',');
            text.Append(names[i]).Append("=\"").Append(MetricText.Escape(values[i], quote: true)).Append('"');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
