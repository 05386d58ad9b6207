namespace Mesh.Http.Resp;

/// <summary>A command as people type it: words on a line, with quotes. What a server could read otherwise (control characters, quotes that do not
/// close or go on) is refused.</summary>
internal sealed class InlineCommand
{
    /// <summary>As servers have it.</summary>
    private const int MaxLength = 64 * 1024;

    /// <summary>Room that is kept from line to line.</summary>
    private const int MaxIdle = 1024;

    private readonly List<(int Start, int Length)> words = [];
    private byte[] line = [];
    private int length;

    public int Count => words.Count;

    /// <summary>Cut after <see cref="RespRequestParser.MaxKept"/> bytes; valid until the next line.</summary>
    public ReadOnlySpan<byte> this[int word] => line.AsSpan(words[word].Start, Math.Min(words[word].Length, RespRequestParser.MaxKept));

    /// <returns>Stopped: the line has ended.</returns>
    public RespProgress Take(ReadOnlySpan<byte> input, ref int at)
    {
        if (length == 0 && line.Length > MaxIdle) line = [];
        var rest = input[at..];
        int end = rest.IndexOf((byte)'\n');
        var part = end < 0 ? rest : rest[..end];
        if (length + part.Length > MaxLength) return RespProgress.Unintelligible;
        if (length + part.Length > line.Length) Array.Resize(ref line, Math.Max(128, 2 * (length + part.Length)));
        part.CopyTo(line.AsSpan(length));
        length += part.Length;
        at += end < 0 ? part.Length : end + 1;
        return end < 0 ? RespProgress.More : RespProgress.Stopped;
    }

    /// <summary>Splits the line and makes room for the next.</summary>
    public bool TrySplit()
    {
        var text = line.AsSpan(0, length);
        if (!text.IsEmpty && text[^1] == '\r') text = text[..^1];
        length = 0;
        words.Clear();
        foreach (byte b in text)
        {
            if (b < ' ' && b != '\t') return false;
        }
        int from = 0, to = 0;
        while (SkipSpace(text, ref from))
        {
            int start = to;
            if (!TryWord(text, ref from, ref to)) return false;
            words.Add((start, to - start));
        }
        return true;
    }

    private static bool SkipSpace(ReadOnlySpan<byte> text, ref int from)
    {
        while (from < text.Length && IsSpace(text[from])) from++;
        return from < text.Length;
    }

    /// <summary>Writes the word without its quotes over what was read already.</summary>
    private static bool TryWord(Span<byte> text, ref int from, ref int to)
    {
        while (from < text.Length && !IsSpace(text[from]))
        {
            byte b = text[from++];
            if (b is (byte)'"' or (byte)'\'') return TryQuoted(text, b, ref from, ref to) && (from == text.Length || IsSpace(text[from]));
            text[to++] = b;
        }
        return true;
    }

    private static bool TryQuoted(Span<byte> text, byte quote, ref int from, ref int to)
    {
        while (from < text.Length)
        {
            byte b = text[from++];
            if (b == quote) return true;
            if (b == '\\' && from < text.Length) b = quote == '"' ? Escaped(text, ref from) : SingleEscaped(text, ref from);
            text[to++] = b;
        }
        return false;
    }

    private static byte SingleEscaped(ReadOnlySpan<byte> text, ref int from)
    {
        if (text[from] != '\'') return (byte)'\\';
        from++;
        return (byte)'\'';
    }

    private static byte Escaped(ReadOnlySpan<byte> text, ref int from)
    {
        byte b = text[from++];
        if (b == 'x' && from + 1 < text.Length && char.IsAsciiHexDigit((char)text[from]) && char.IsAsciiHexDigit((char)text[from + 1]))
        {
            from += 2;
            return (byte)(Hex(text[from - 2]) * 16 + Hex(text[from - 1]));
        }
        return b switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => (byte)'\a',
            _ => b,
        };
    }

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\t';
}
