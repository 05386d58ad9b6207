namespace Mesh.Soak.Bodies;

/// <summary>Choices of one conversation, all from its seed.</summary>
internal sealed class Draw
{
    private static readonly int[] corners = [0, 1, 7, 4095, 4096, 16383, 16384, 16385, 65535, 65536, 100_003];
    private ulong state;

    public Draw(ulong seed) => (Seed, state) = (seed, seed);

    public ulong Seed { get; }

    public ulong Next() => Pattern.Mix(state += 0x9E3779B97F4A7C15);

    /// <returns>From 0 to <paramref name="bound"/>, without it.</returns>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool OneIn(int many) => Below(many) == 0;

    public T Of<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>Mostly small; sometimes at the edge of what frames, records and blocks hold; now and then large.</summary>
    public int Size(int largest = 4 << 20) => Math.Min(largest, Below(20) switch
    {
        < 9 => Below(2000),
        < 14 => corners[Below(corners.Length)],
        < 18 => Below(60_000),
        < 19 => Below(400_000),
        _ => Below(largest),
    });
}
