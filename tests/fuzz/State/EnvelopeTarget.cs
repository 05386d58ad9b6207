using Mesh.Control.State;

namespace Mesh.Tests.Fuzz.State;

/// <summary>Stored values: only what was sealed opens, to the same value.</summary>
internal sealed class EnvelopeTarget : IFuzzTarget
{
    public string Name => "state-envelope";

    public IEnumerable<byte[]> Seeds => [StateEnvelope.Seal([]), StateEnvelope.Seal("a stored value"u8)];

    public void Run(ReadOnlySpan<byte> input)
    {
        Assert.True(StateEnvelope.TryOpen(StateEnvelope.Seal(input), out var value));
        Assert.Equal(input, value.Span);
        if (StateEnvelope.TryOpen(input.ToArray(), out var opened)) Assert.Equal(input, StateEnvelope.Seal(opened.Span));
    }
}
