using System.Globalization;
using System.Text;

namespace Mesh.Load.Responses;

/// <summary>Checks the bytes of one HTTP/1.1 response after the other as they come, in pieces of any size. One per connection.</summary>
internal sealed class ResponseReader(ExpectedResponse expected)
{
    private const int MaxHeadBytes = 8192;

    private readonly byte[] head = new byte[MaxHeadBytes];
    private int headLength;
    private int bodyLength;
    private bool inBody;

    /// <returns>Whether the response is complete with this piece.</returns>
    /// <exception cref="WrongResponseException">Status, length or body differ, or more came than the response.</exception>
    public bool Take(ReadOnlySpan<byte> piece)
    {
        if (!inBody) piece = TakeHead(piece);
        if (!inBody) return false;
        TakeBody(piece);
        if (bodyLength < expected.Body.Length) return false;
        (headLength, bodyLength, inBody) = (0, 0, false);
        return true;
    }

    /// <returns>What follows the head.</returns>
    private ReadOnlySpan<byte> TakeHead(ReadOnlySpan<byte> piece)
    {
        int taken = Math.Min(piece.Length, head.Length - headLength);
        piece[..taken].CopyTo(head.AsSpan(headLength));
        int before = headLength;
        headLength += taken;
        int end = head.AsSpan(0, headLength).IndexOf("\r\n\r\n"u8);
        if (end < 0) return headLength < head.Length ? default : throw new WrongResponseException("a response's head is too long");
        CheckHead(head.AsSpan(0, end + 2));
        inBody = true;
        return piece[(end + 4 - before)..];
    }

    private void CheckHead(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("HTTP/1.1 200 "u8)) throw new WrongResponseException($"a response began with: {FirstLine(text)}");
        for (int end; (end = text.IndexOf("\r\n"u8)) >= 0; text = text[(end + 2)..])
        {
            if (!Ascii.EqualsIgnoreCase(text[..Math.Min(15, end)], "content-length:"u8)) continue;
            if (int.TryParse(text[15..end], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out int length) && length == expected.Body.Length) return;
            throw new WrongResponseException($"a response of {expected.Body.Length} bytes announced {FirstLine(text)}");
        }
        throw new WrongResponseException("a response did not announce its length");
    }

    private void TakeBody(ReadOnlySpan<byte> piece)
    {
        if (piece.Length > expected.Body.Length - bodyLength) throw new WrongResponseException("more bytes came than the response has");
        if (!piece.SequenceEqual(expected.Body.AsSpan(bodyLength, piece.Length))) throw new WrongResponseException("a response had another body");
        bodyLength += piece.Length;
    }

    private static string FirstLine(ReadOnlySpan<byte> text) => Encoding.ASCII.GetString(text[..Math.Min(100, Math.Max(0, text.IndexOf("\r\n"u8)))]);
}
