using System.Runtime.CompilerServices;
using System.Text;

namespace Mesh.Http.Resp;

/// <summary>Reads commands out of a client's bytes without keeping them: arrays of bulk strings and inline commands (RESP2 and RESP3 do not differ here).
/// Strict: numbers have one spelling, every part ends with CR LF; what a server might read otherwise than we is unintelligible.
/// One per connection. A value of many megabytes is skipped, not looked at.</summary>
public sealed class RespRequestParser
{
    /// <summary>Of an argument: longer than any key prefix a policy may have.</summary>
    public const int MaxKept = 1024;

    /// <summary>Ten digits make a count, and lengths below a terabyte.</summary>
    private const int MaxDigits = 12;

    private readonly InlineCommand inline = new();
    private Phase phase;
    private bool negative;
    private bool wanted;
    private int digits;
    private long number;
    private long left;
    private int arguments;
    private int index;
    private byte[] kept = [];
    private int keptLength;
    private byte[] lastName = [];
    private RedisCommand lastCommand = RedisCommands.Other;

    private enum Phase : byte
    {
        Start,
        Count,
        CountEnd,
        Dollar,
        Length,
        LengthEnd,
        Data,
        DataReturn,
        DataEnd,
        Inline,
    }

    /// <summary>A command has begun and not ended.</summary>
    public bool InCommand => phase != Phase.Start;

    /// <summary>Where in the input of the last call the last command began; -1: before it.</summary>
    public int BegunAt { get; private set; }

    public RespProgress Read<TSink>(ReadOnlySpan<byte> input, ref TSink sink, out int consumed)
        where TSink : struct, IRespCommandSink
    {
        consumed = 0;
        BegunAt = -1;
        while (consumed < input.Length)
        {
            if (phase == Phase.Start)
            {
                if (input[consumed] == '*' && TryWhole(input, ref sink, ref consumed, out bool goOn))
                {
                    if (!goOn) return RespProgress.Stopped;
                    continue;
                }
            }
            var progress = Step(input, ref sink, ref consumed);
            if (progress != RespProgress.More) return progress;
        }
        return RespProgress.More;
    }

    /// <summary>The usual case: a command that lies whole in the input.</summary>
    private bool TryWhole<TSink>(ReadOnlySpan<byte> input, ref TSink sink, ref int at, out bool goOn)
        where TSink : struct, IRespCommandSink
    {
        goOn = true;
        int p = at + 1;
        int count = Number(input, ref p);
        if (count <= 0 || !TryBulk(input, ref p, out int nameStart, out int nameLength)) return false;
        int first = p;
        BegunAt = at;
        for (int i = 1; i < count; i++)
        {
            if (!TryBulk(input, ref p, out _, out _)) return false;
        }
        at = p;
        var name = input.Slice(nameStart, Math.Min(nameLength, MaxKept));
        if (sink.Begin(Find(name), name, count)) Arguments(input, ref sink, first, count);
        goOn = sink.End();
        return true;
    }

    private static void Arguments<TSink>(ReadOnlySpan<byte> input, ref TSink sink, int p, int count)
        where TSink : struct, IRespCommandSink
    {
        for (int i = 1; i < count; i++)
        {
            TryBulk(input, ref p, out int start, out int length);
            sink.Argument(i, input.Slice(start, Math.Min(length, MaxKept)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryBulk(ReadOnlySpan<byte> input, ref int p, out int start, out int length)
    {
        start = length = 0;
        if ((uint)p >= (uint)input.Length || input[p] != '$') return false;
        p++;
        length = Number(input, ref p);
        start = p;
        if (length < 0 || length > input.Length - p - 2) return false;
        p += length;
        if (input[p] != '\r' || input[p + 1] != '\n') return false;
        p += 2;
        return true;
    }

    /// <returns>-1: not whole, or not as it must be; the careful reader will tell which.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Number(ReadOnlySpan<byte> input, ref int p)
    {
        int begin = p, value = 0;
        while ((uint)p < (uint)input.Length && (uint)(input[p] - '0') <= 9) value = value * 10 + (input[p++] - '0');
        int length = p - begin;
        if (length is 0 or > 9 || p + 1 >= input.Length || input[p] != '\r' || input[p + 1] != '\n') return -1;
        if (length > 1 && input[begin] == '0') return -1;
        p += 2;
        return value;
    }

    /// <summary>A step of the careful reader, for commands that come in pieces.</summary>
    private RespProgress Step<TSink>(ReadOnlySpan<byte> input, ref TSink sink, ref int at)
        where TSink : struct, IRespCommandSink
    {
        switch (phase)
        {
            case Phase.Start:
                Begin(input[at] == '*', ref at);
                return RespProgress.More;
            case Phase.Data:
                Take(input, ref at);
                return RespProgress.More;
            case Phase.Inline:
                return inline.Take(input, ref at) switch
                {
                    RespProgress.Stopped => EndInline(ref sink),
                    var progress => progress,
                };
            case Phase.Count or Phase.Length:
                return Digit(input[at++]);
            case Phase.DataEnd when input[at] == '\n':
                at++;
                return EndArgument(ref sink);
            default:
                return Punctuation(input[at++]) ? RespProgress.More : RespProgress.Unintelligible;
        }
    }

    private void Begin(bool array, ref int at)
    {
        BegunAt = at;
        phase = array ? Phase.Count : Phase.Inline;
        (number, digits, negative, index) = (0, 0, false, 0);
        if (array) at++;
    }

    private RespProgress Digit(byte b)
    {
        int digit = b - '0';
        if ((uint)digit <= 9)
        {
            if (++digits > MaxDigits || (digits > 1 && number == 0)) return RespProgress.Unintelligible;
            number = number * 10 + digit;
            return RespProgress.More;
        }
        if (b == '-' && digits == 0 && !negative && phase == Phase.Count)
        {
            negative = true;
            return RespProgress.More;
        }
        if (b != '\r' || digits == 0 || (negative && number != 1)) return RespProgress.Unintelligible;
        phase = phase == Phase.Count ? Phase.CountEnd : Phase.LengthEnd;
        return RespProgress.More;
    }

    private bool Punctuation(byte b)
    {
        switch (phase)
        {
            case Phase.CountEnd when b == '\n' && number <= int.MaxValue:
                // Nothing, or no array at all, is no command: servers pass over it.
                phase = negative || number == 0 ? Phase.Start : Phase.Dollar;
                arguments = (int)number;
                return true;
            case Phase.Dollar when b == '$':
                (phase, number, digits) = (Phase.Length, 0, 0);
                return true;
            case Phase.LengthEnd when b == '\n':
                (left, keptLength) = (number, 0);
                phase = number == 0 ? Phase.DataReturn : Phase.Data;
                return true;
            case Phase.DataReturn when b == '\r':
                phase = Phase.DataEnd;
                return true;
            default:
                return false;
        }
    }

    private void Take(ReadOnlySpan<byte> input, ref int at)
    {
        int count = (int)Math.Min(left, input.Length - at);
        if (index == 0 || wanted) Keep(input.Slice(at, Math.Min(count, MaxKept - keptLength)));
        at += count;
        left -= count;
        if (left == 0) phase = Phase.DataReturn;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        if (keptLength + bytes.Length > kept.Length) Array.Resize(ref kept, keptLength + bytes.Length <= 64 ? 64 : MaxKept);
        bytes.CopyTo(kept.AsSpan(keptLength));
        keptLength += bytes.Length;
    }

    private RespProgress EndArgument<TSink>(ref TSink sink)
        where TSink : struct, IRespCommandSink
    {
        var bytes = kept.AsSpan(0, keptLength);
        if (index == 0)
        {
            wanted = sink.Begin(Find(bytes), bytes, arguments);
        }
        else if (wanted)
        {
            sink.Argument(index, bytes);
        }
        phase = Phase.Dollar;
        return ++index < arguments ? RespProgress.More : End(ref sink);
    }

    private RespProgress EndInline<TSink>(ref TSink sink)
        where TSink : struct, IRespCommandSink
    {
        phase = Phase.Start;
        if (!inline.TrySplit()) return RespProgress.Unintelligible;
        if (inline.Count == 0) return RespProgress.More;
        var name = inline[0];
        if (IsHttp(name)) return RespProgress.Unintelligible;
        if (sink.Begin(Find(name), name, inline.Count))
        {
            for (int i = 1; i < inline.Count; i++) sink.Argument(i, inline[i]);
        }
        return End(ref sink);
    }

    /// <summary>A request of HTTP, made to have the lines of its body carried out as commands. Servers end the connection at these words, and so must whoever
    /// may refuse them in the server's place.</summary>
    private static bool IsHttp(ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(name, "POST"u8) || Ascii.EqualsIgnoreCase(name, "Host:"u8);

    private RespProgress End<TSink>(ref TSink sink)
        where TSink : struct, IRespCommandSink
    {
        phase = Phase.Start;
        return sink.End() ? RespProgress.More : RespProgress.Stopped;
    }

    /// <summary>Clients repeat themselves.</summary>
    private RedisCommand Find(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual(lastName)) return lastCommand;
        var command = RedisCommands.Find(name);
        if (command.SpellingOf(name) is { } spelling) (lastName, lastCommand) = (spelling, command);
        return command;
    }
}
