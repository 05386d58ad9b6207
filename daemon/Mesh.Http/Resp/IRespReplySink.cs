namespace Mesh.Http.Resp;

/// <summary>A whole reply, push or message at the top level of a server's stream. Valid during the call.</summary>
/// <param name="Type">Its first byte; of a reply with attributes, that of the reply.</param>
/// <param name="Word">The first element of an array or push if it is a short string; only when it was asked for.</param>
/// <param name="Number">The last integer in it; only when <see cref="Word"/> was asked for.</param>
public readonly ref struct RespReply(byte type, ReadOnlySpan<byte> word, long number)
{
    public byte Type { get; } = type;
    public ReadOnlySpan<byte> Word { get; } = word;
    public long Number { get; } = number;

    public bool IsPush => Type == (byte)'>';
    public bool IsError => Type is (byte)'-' or (byte)'!';
}

/// <summary>Hears of the replies in a server's stream. A struct, so that calls are direct.</summary>
public interface IRespReplySink
{
    /// <summary>Whether the words of arrays matter; those of pushes always do.</summary>
    bool WantsWords { get; }

    /// <returns>Whether to go on with the next reply.</returns>
    bool Reply(in RespReply reply);
}
