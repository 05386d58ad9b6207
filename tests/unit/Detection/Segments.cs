using System.Buffers;

namespace Mesh.Tests.Unit.Detection;

/// <summary>Bytes as a sequence of several segments.</summary>
internal static class Segments
{
    /// <param name="at">Where the second begins.</param>
    public static ReadOnlySequence<byte> Of(ReadOnlySpan<byte> bytes, int at) => Of([bytes[..at].ToArray(), bytes[at..].ToArray()]);

    public static ReadOnlySequence<byte> OfSingleBytes(ReadOnlySpan<byte> bytes) => Of([.. bytes.ToArray().Select(static b => new[] { b })]);

    private static ReadOnlySequence<byte> Of(IReadOnlyList<byte[]> parts)
    {
        if (parts.Count == 0) return default;
        var first = new Segment(parts[0], 0);
        var last = first;
        foreach (byte[] part in parts.Skip(1)) last = last.Append(part);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long start) => (Memory, RunningIndex) = (bytes, start);

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
