using System.Buffers;
using System.Text;

namespace Mesh.Telemetry;

/// <summary>Bytes on their way out, in an array that is reused.</summary>
public sealed class ByteBatch
{
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(static i => (byte)i).Except("\"\\"u8.ToArray())]);
    private byte[] bytes = new byte[1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        Length += text.Length;
    }

    public void AppendText(string text) => Advance(Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length))));

    public void Append(byte value)
    {
        Room(1)[0] = value;
        Length++;
    }

    /// <summary>A span of at least that size; what was written to it counts after <see cref="Advance"/>.</summary>
    public Span<byte> Room(int size)
    {
        if (bytes.Length - Length < size) Array.Resize(ref bytes, Math.Max(bytes.Length * 2, Length + size));
        return bytes.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    /// <summary>The inside of a JSON string (RFC 8259 7). What is not UTF-8 becomes U+FFFD, and beyond what JSON demands, control characters and
    /// line separators outside ASCII are escaped too: a terminal or a reader of lines obeys them.</summary>
    public void AppendEscaped(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            int plain = text.IndexOfAnyExcept(Plain);
            if (plain < 0) break;
            Append(text[..plain]);
            text = text[plain..];
            Rune.DecodeFromUtf8(text, out var rune, out int consumed);
            if (IsEscaped(rune.Value)) AppendEscape(rune.Value);
            else Advance(rune.EncodeToUtf8(Room(4)));
            text = text[consumed..];
        }
        Append(text);
    }

    private static bool IsEscaped(int rune) => rune is < 0x20 or '"' or '\\' or (>= 0x7F and < 0xA0) or 0x2028 or 0x2029;

    private void AppendEscape(int rune)
    {
        byte letter = rune switch
        {
            '"' or '\\' => (byte)rune,
            '\n' => (byte)'n',
            '\r' => (byte)'r',
            '\t' => (byte)'t',
            '\b' => (byte)'b',
            '\f' => (byte)'f',
            _ => (byte)'u',
        };
        Append((byte)'\\');
        Append(letter);
        if (letter != 'u') return;
        for (int shift = 12; shift >= 0; shift -= 4) Append("0123456789ABCDEF"u8[rune >> shift & 15]);
    }
}
