using System.Runtime.CompilerServices;

namespace Mesh.Http.Resp;

/// <summary>Finds where replies end in a server's bytes, RESP2 and RESP3 with nested, attributed and streamed values, without keeping them.
/// One per connection.</summary>
public sealed class RespReplyScanner
{
    /// <summary>Streamed values inside each other; what is nested otherwise needs no memory.</summary>
    private const int MaxStreams = 32;

    /// <summary>Values announced and not seen, far more than any server sends and far less than overflows.</summary>
    private const long MaxMissing = 1L << 48;

    private const int MaxDigits = 18;
    private const int LongestWord = 16;

    private readonly byte[] word = new byte[LongestWord];
    private long[]? streams;
    private int streamDepth;
    private Phase phase;
    private byte type;       // of the value that is being read
    private byte outermost;  // of the reply
    private bool attributed; // the reply's own type is still to come
    private bool words;
    private bool negative;
    private bool streamed;
    private WordState wordState;
    private int digits;
    private int wordLength;
    private long number;
    private long lastInteger;
    private long left;
    private long missing;    // values until the reply, or the stream inside it, is whole

    private enum Phase : byte
    {
        Start,
        Line,
        LineEnd,
        Number,
        NumberEnd,
        Data,
        DataReturn,
        DataEnd,
    }

    private enum WordState : byte
    {
        None,

        /// <summary>In the head of the outermost array.</summary>
        Head,

        /// <summary>In its first element.</summary>
        Word,
    }

    /// <summary>A reply has begun and not ended.</summary>
    public bool InReply => missing > 0 || streamDepth > 0 || phase != Phase.Start;

    public RespProgress Read<TSink>(ReadOnlySpan<byte> input, ref TSink sink, out int consumed)
        where TSink : struct, IRespReplySink
    {
        consumed = 0;
        while (consumed < input.Length)
        {
            bool ended;
            if (phase == Phase.Start)
            {
                if (!TryBegin(input[consumed], ref sink)) return RespProgress.Unintelligible;
                if (TryScalar(input, ref consumed)) ended = EndValue();
                else if (!TryStep(input, ref consumed, out ended)) return RespProgress.Unintelligible;
            }
            else if (!TryStep(input, ref consumed, out ended))
            {
                return RespProgress.Unintelligible;
            }
            if (ended && !sink.Reply(new RespReply(outermost, word.AsSpan(0, wordLength), lastInteger))) return RespProgress.Stopped;
        }
        return RespProgress.More;
    }

    private bool TryBegin<TSink>(byte first, ref TSink sink)
        where TSink : struct, IRespReplySink
    {
        type = first;
        if (missing == 0 && streamDepth > 0) return TryBeginInStream(first);
        if (missing == 0)
        {
            missing = 1;
            Outermost(first, ref sink);
        }
        else if (attributed && missing == 1 && streamDepth == 0)
        {
            Outermost(first, ref sink);
        }
        return first is not ((byte)'.' or (byte)';');
    }

    /// <summary>The reply's own type, or that of attributes before it.</summary>
    private void Outermost<TSink>(byte first, ref TSink sink)
        where TSink : struct, IRespReplySink
    {
        (outermost, attributed, wordLength, lastInteger) = (first, first == '|', 0, 0);
        words = first == '>' || (first == '*' && sink.WantsWords);
        wordState = words ? WordState.Head : WordState.None;
    }

    /// <summary>A streamed string has pieces and nothing else; a streamed array has values until its end.</summary>
    private bool TryBeginInStream(byte first)
    {
        if (streams![streamDepth - 1] < 0) return first == ';';
        if (first != '.') missing = 1;
        return first != ';';
    }

    /// <summary>The usual case: a line or a string that lies whole in the input, and nobody wants to know what it says.</summary>
    private bool TryScalar(ReadOnlySpan<byte> input, ref int at)
    {
        if (words) return false;
        int p = at + 1;
        switch (type)
        {
            case (byte)'$':
                if (input[p..].StartsWith("-1\r\n"u8)) p += 4;
                else if (!TrySkipString(input, ref p)) return false;
                break;
            case (byte)':':
                if (!TrySkipInteger(input, ref p)) return false;
                break;
            case (byte)'+' or (byte)'-' or (byte)'_' or (byte)'#' or (byte)',' or (byte)'(':
                int end = input[p..].IndexOf((byte)'\r');
                if (end < 0 || p + end + 1 >= input.Length || input[p + end + 1] != '\n') return false;
                p += end + 2;
                break;
            default:
                return false;
        }
        at = p;
        return true;
    }

    private static bool TrySkipInteger(ReadOnlySpan<byte> input, ref int p)
    {
        int begin = p;
        while ((uint)p < (uint)input.Length && (uint)(input[p] - '0') <= 9) p++;
        if (p - begin is 0 or > MaxDigits || p + 1 >= input.Length || input[p] != '\r' || input[p + 1] != '\n') return false;
        p += 2;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TrySkipString(ReadOnlySpan<byte> input, ref int p)
    {
        int begin = p, length = 0;
        while ((uint)p < (uint)input.Length && (uint)(input[p] - '0') <= 9) length = length * 10 + (input[p++] - '0');
        int count = p - begin;
        if (count is 0 or > 9 || length > input.Length - p - 4) return false;
        if (input[p] != '\r' || input[p + 1] != '\n') return false;
        p += 2 + length;
        if (input[p] != '\r' || input[p + 1] != '\n') return false;
        p += 2;
        return true;
    }

    /// <summary>A step of the careful reader.</summary>
    /// <param name="ended">A reply at the top level is whole.</param>
    private bool TryStep(ReadOnlySpan<byte> input, ref int at, out bool ended)
    {
        ended = false;
        switch (phase)
        {
            case Phase.Start:
                at++;
                return TryEnter();
            case Phase.Line:
                return TryLine(input, ref at);
            case Phase.Data:
                int count = (int)Math.Min(left, input.Length - at);
                if (wordState == WordState.Word) Keep(input.Slice(at, count));
                at += count;
                left -= count;
                if (left == 0) phase = Phase.DataReturn;
                return true;
            case Phase.Number:
                return TryDigit(input[at++]);
            case Phase.DataReturn:
                phase = Phase.DataEnd;
                return input[at++] == '\r';
            default:
                return input[at++] == '\n' && TryEnd(out ended);
        }
    }

    private bool TryEnter()
    {
        (number, digits, negative, streamed) = (0, 0, false, false);
        switch (type)
        {
            case (byte)'+' or (byte)'-' or (byte)'_' or (byte)'#' or (byte)',' or (byte)'(' or (byte)'.':
                phase = Phase.Line;
                return true;
            case (byte)':' or (byte)'$' or (byte)'!' or (byte)'=' or (byte)';' or (byte)'*' or (byte)'~' or (byte)'%' or (byte)'|' or (byte)'>':
                phase = Phase.Number;
                return true;
            default:
                return false;
        }
    }

    private bool TryLine(ReadOnlySpan<byte> input, ref int at)
    {
        var rest = input[at..];
        int end = rest.IndexOf((byte)'\r');
        var part = end < 0 ? rest : rest[..end];
        if (type == '.' && !part.IsEmpty) return false;
        if (wordState == WordState.Word) Keep(part);
        at += part.Length;
        if (end < 0) return true;
        at++;
        phase = Phase.LineEnd;
        return true;
    }

    private bool TryDigit(byte b)
    {
        int digit = b - '0';
        if ((uint)digit <= 9)
        {
            if (streamed || ++digits > MaxDigits + (type == ':' ? 1 : 0)) return false;
            number = unchecked(number * 10 + digit);
            return true;
        }
        switch (b)
        {
            case (byte)'-' when digits == 0 && !negative && type is (byte)':' or (byte)'$' or (byte)'*':
                negative = true;
                return true;
            case (byte)'+' when digits == 0 && !negative && type == ':':
                return true;
            case (byte)'?' when digits == 0 && !negative && type is not ((byte)':' or (byte)';' or (byte)'|'):
                streamed = true;
                return true;
            case (byte)'\r' when digits > 0 || streamed:
                phase = Phase.NumberEnd;
                return true;
            default:
                return false;
        }
    }

    /// <summary>The line feed after a line, a number or data has come.</summary>
    private bool TryEnd(out bool ended)
    {
        ended = false;
        var was = phase;
        phase = Phase.Start;
        switch (was)
        {
            case Phase.LineEnd:
                ended = type == '.' ? EndStream() : EndValue();
                return true;
            case Phase.NumberEnd:
                return streamed ? TryStream() : TryNumber(out ended);
            case Phase.DataEnd:
                ended = type != ';' && EndValue();
                return true;
            default:
                return false;
        }
    }

    private bool TryStream()
    {
        if (streamDepth == MaxStreams) return false;
        streams ??= new long[MaxStreams];
        bool text = type is (byte)'$' or (byte)'!' or (byte)'=';
        streams[streamDepth++] = text ? ~missing : missing;
        missing = 0;
        wordState = WordState.None;
        return true;
    }

    private bool TryNumber(out bool ended)
    {
        ended = false;
        if (negative && type != ':')
        {
            if (number != 1) return false;
            ended = EndValue();
            return true;
        }
        switch (type)
        {
            case (byte)':':
                lastInteger = negative ? -number : number;
                ended = EndValue();
                return true;
            case (byte)';' when number == 0:
                ended = EndStream();
                return true;
            case (byte)'$' or (byte)'!' or (byte)'=' or (byte)';':
                left = number;
                phase = number == 0 ? Phase.DataReturn : Phase.Data;
                return true;
            case (byte)'|':
                return TryExpect(2 * number);
            default:
                if (!TryExpect(type == '%' ? 2 * number : number)) return false;
                var word = wordState == WordState.Head && number > 0 ? WordState.Word : WordState.None;
                ended = EndValue();
                wordState = word;
                return true;
        }
    }

    private bool TryExpect(long values)
    {
        if (values > MaxMissing || missing > MaxMissing - values) return false;
        missing += values;
        return true;
    }

    private bool EndStream()
    {
        long saved = streams![--streamDepth];
        missing = saved < 0 ? ~saved : saved;
        return EndValue();
    }

    /// <returns>Whether the reply is whole.</returns>
    private bool EndValue()
    {
        wordState = WordState.None;
        return --missing == 0 && streamDepth == 0;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (wordLength + bytes.Length > LongestWord)
        {
            (wordLength, wordState) = (0, WordState.None);
            return;
        }
        bytes.CopyTo(word.AsSpan(wordLength));
        wordLength += bytes.Length;
    }
}
