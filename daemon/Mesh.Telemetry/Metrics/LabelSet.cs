namespace Mesh.Telemetry.Metrics;

/// <summary>Label values in the order of the family's names, compared by value.</summary>
public readonly struct LabelSet : IEquatable<LabelSet>
{
    /// <summary>Longer values are cut: they come from names with limits of their own, so this only stops mistakes.</summary>
    private const int MaxValueLength = 256;

    private readonly string[]? values;
    private readonly int hash;

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

    public static LabelSet None => new([]);

    public ReadOnlySpan<string> Values => values;

    public static LabelSet Overflow(int count)
    {
        var values = new string[count];
        Array.Fill(values, "overflow");
        return new LabelSet(values);
    }

    public bool Equals(LabelSet other) => hash == other.hash && Values.SequenceEqual(other.Values);

    public override bool Equals(object? obj) => obj is LabelSet other && Equals(other);

    public override int GetHashCode() => hash;
}
