using System.Buffers.Text;

namespace Mesh.Http.Http1;

/// <summary>Fills a span with the lines of a head. Its length is bounded beforehand, so that the whole head costs one look at the output buffer.</summary>
internal ref struct HeadText(Span<byte> room)
{
    /// <summary>More than all fixed words and numbers of a head together.</summary>
    private const int FixedWords = 192;

    private readonly Span<byte> room = room;

    public int Length { get; private set; }

    public static int BoundOf(RequestHead head) =>
        FixedWords + head.Method.Length + head.Target.Length + head.Authority.Length + BoundOf(head.Headers);

    public static int BoundOf(ResponseHead head) => FixedWords + head.Reason.Length + BoundOf(head.Headers);

    public static int BoundOf(HeaderList headers) => headers.ByteCount + 4 * headers.Count;

    public void Put(ReadOnlySpan<byte> text)
    {
        text.CopyTo(room[Length..]);
        Length += text.Length;
    }

    public void Put(long number)
    {
        Utf8Formatter.TryFormat(number, room[Length..], out int digits);
        Length += digits;
    }

    public void Put(HeaderList headers)
    {
        for (int i = 0; i < headers.Count; i++)
        {
            Put(headers.Name(i));
            Put(": "u8);
            Put(headers.Value(i));
            Put("\r\n"u8);
        }
    }
}
