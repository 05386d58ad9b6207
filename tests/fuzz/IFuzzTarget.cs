namespace Mesh.Tests.Fuzz;

/// <summary>One parser and what must hold for any input. Deterministic: the same input always ends the same way, splits included.</summary>
internal interface IFuzzTarget
{
    /// <summary>Also the name of its folder below Corpus.</summary>
    string Name { get; }

    /// <summary>Valid inputs, from which mutations start: without them random bytes rarely get past the first check.</summary>
    IEnumerable<byte[]> Seeds { get; }

    /// <summary>Throws whatever it likes when something does not hold.</summary>
    void Run(ReadOnlySpan<byte> input);
}
