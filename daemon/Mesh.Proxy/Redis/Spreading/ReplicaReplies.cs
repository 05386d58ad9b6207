using System.Buffers;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>What an error reply of a replica says about the replica.</summary>
internal static class ReplicaReplies
{
    /// <summary>It ended the connection.</summary>
    public const string Closed = "closed";

    /// <summary>Of the command, which the primary is asked about; the replica goes on.</summary>
    public const string OfTheCommand = "error";

    /// <summary>Something that is no plain reply.</summary>
    public const string Unexpected = "unexpected";

    private const int LongestCode = 16;

    /// <returns>Why the primary must be asked: <see cref="OfTheCommand"/>, or something that makes the replica useless for now.</returns>
    public static string ReasonOf(in ReadOnlySequence<byte> reply)
    {
        Span<byte> start = stackalloc byte[LongestCode];
        var part = reply.Slice(0, Math.Min(reply.Length, LongestCode));
        part.CopyTo(start);
        var text = start[..(int)part.Length];
        if (text[0] != (byte)'-') return Unexpected;
        int end = text.IndexOfAny((byte)' ', (byte)'\r');
        return ReasonOf(end < 0 ? default : text[1..end]);
    }

    private static string ReasonOf(ReadOnlySpan<byte> code) =>
        code.SequenceEqual("ERR"u8) || code.SequenceEqual("WRONGTYPE"u8) || code.SequenceEqual("NOPERM"u8) ? OfTheCommand
        : code.SequenceEqual("LOADING"u8) ? "loading"
        : code.SequenceEqual("MASTERDOWN"u8) ? "masterdown"
        : code.SequenceEqual("READONLY"u8) ? "readonly"
        : code.SequenceEqual("NOAUTH"u8) || code.SequenceEqual("WRONGPASS"u8) ? "noauth"
        : code.SequenceEqual("MOVED"u8) || code.SequenceEqual("ASK"u8) || code.SequenceEqual("CLUSTERDOWN"u8) ? "moved"
        : Unexpected;
}
