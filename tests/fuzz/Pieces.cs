using System.Buffers;

namespace Mesh.Tests.Fuzz;

/// <summary>An input cut at random places, the same places every time.</summary>
internal static class Pieces
{
    /// <summary>About one piece in three is a single byte, because that is where parsers go wrong.</summary>
    public static List<byte[]> Of(ReadOnlySpan<byte> input)
    {
        var hash = 17;
        foreach (byte value in input) hash = unchecked(hash * 31 + value);
        var random = new Random(hash);
        var pieces = new List<byte[]>();
        while (!input.IsEmpty)
        {
            int length = Math.Min(input.Length, random.Next(3) == 0 ? 1 : random.Next(1, Math.Max(2, input.Length / 2)));
            pieces.Add(input[..length].ToArray());
            input = input[length..];
        }
        return pieces;
    }

    /// <summary>One segment for each piece.</summary>
    public static ReadOnlySequence<byte> Sequence(IReadOnlyList<byte[]> pieces)
    {
        if (pieces.Count == 0) return default;
        var first = new Segment(pieces[0], 0);
        var last = first;
        foreach (byte[] piece in pieces.Skip(1)) last = last.Append(piece);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
