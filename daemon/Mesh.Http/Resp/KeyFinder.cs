using System.Buffers.Text;
using System.Text;

namespace Mesh.Http.Resp;

/// <summary>Finds the keys among a command's arguments, as the server would. Where the two could differ, the command counts as touching any key.</summary>
internal sealed class KeyFinder(RedisRequest request)
{
    private RedisCommand command = RedisCommands.Other;
    private int arguments;
    private int next;  // the next key's position, where it is known
    private int last;  // the last key's; -1 while it is not known
    private int step;
    private int skip;  // arguments that belong to the option before them
    private bool keyNext;
    private bool tracks; // CLIENT TRACKING

    /// <summary>No later argument can be a key.</summary>
    public bool IsDone { get; private set; }

    public void Begin(RedisCommand wanted, int count)
    {
        (command, arguments, step, skip, keyNext, tracks) = (wanted, count, wanted.Step, 0, false, false);
        (next, last) = (wanted.First, -1);
        IsDone = false;
        switch (wanted.Keys)
        {
            case KeyRule.None:
                IsDone = wanted.Turn != RedisTurn.Client;
                break;
            case KeyRule.Any:
                request.TouchesAnyKey = IsDone = true;
                break;
            case KeyRule.Range or KeyRule.Patterns:
                last = Math.Min(wanted.Last < 0 ? count + wanted.Last : wanted.Last, count - 1);
                break;
            case KeyRule.Counted or KeyRule.CountedTo or KeyRule.Script:
                step = 1;
                break;
            default:
                break;
        }
        IsDone |= arguments == 1 || (last >= 0 && next > last);
    }

    public void Argument(int index, ReadOnlySpan<byte> argument)
    {
        switch (command.Keys)
        {
            case KeyRule.Range or KeyRule.Patterns:
                TakeInRange(index, argument);
                break;
            case KeyRule.Counted or KeyRule.CountedTo or KeyRule.Script:
                Counted(index, argument);
                break;
            case KeyRule.Streams:
                Streams(index, argument);
                break;
            case KeyRule.Sort:
                Sort(index, argument);
                break;
            case KeyRule.Radius:
                Radius(index, argument);
                break;
            case KeyRule.None when command.Turn == RedisTurn.Client:
                tracks |= index == 1 && Is(argument, "TRACKING");
                // Invalidations of every key tell their names.
                if (tracks && Is(argument, "BCAST")) request.TouchesAnyKey = true;
                IsDone |= index == 1 && !tracks;
                break;
            default:
                break;
        }
        IsDone |= index == arguments - 1;
    }

    private void TakeInRange(int index, ReadOnlySpan<byte> argument)
    {
        if (last < 0 || index != next || index > last) return;
        request.AddKey(argument);
        next += step;
        IsDone = next > last;
    }

    private void Counted(int index, ReadOnlySpan<byte> argument)
    {
        if (last >= 0)
        {
            TakeInRange(index, argument);
            return;
        }
        if (command.Keys == KeyRule.CountedTo && index == 1) request.AddKey(argument);
        if (index != command.First) return;
        // A script that names no keys may touch every key; a wrong count is an error for servers, or should be.
        if (!TryCount(argument, out int count) || count == 0 || count > arguments - 1 - index)
            request.TouchesAnyKey = true;
        else
            (next, last) = (index + 1, index + count);
    }

    private void Streams(int index, ReadOnlySpan<byte> argument)
    {
        if (last >= 0)
        {
            TakeInRange(index, argument);
            return;
        }
        if (skip > 0)
        {
            skip--;
            return;
        }
        if (Is(argument, "STREAMS"))
        {
            (next, last, step) = (index + 1, index + (arguments - 1 - index) / 2, 1);
            IsDone = next > last;
        }
        else if (Is(argument, "GROUP"))
        {
            skip = 2;
        }
        else if (Is(argument, "COUNT") || Is(argument, "BLOCK") || Is(argument, "CLAIM"))
        {
            skip = 1;
        }
        else if (!Is(argument, "NOACK"))
        {
            request.TouchesAnyKey = true;
        }
    }

    private void Sort(int index, ReadOnlySpan<byte> argument)
    {
        if (index == 1 || keyNext)
        {
            keyNext = false;
            request.AddKey(argument);
        }
        else if (skip > 0)
        {
            skip--;
        }
        else if (Is(argument, "STORE"))
        {
            keyNext = true;
        }
        else if (Is(argument, "LIMIT"))
        {
            skip = 2;
        }
        else if (!Is(argument, "ASC") && !Is(argument, "DESC") && !Is(argument, "ALPHA"))
        {
            // BY and GET make names of keys from what is stored.
            request.TouchesAnyKey = true;
        }
    }

    private void Radius(int index, ReadOnlySpan<byte> argument)
    {
        if (index == 1 || keyNext) request.AddKey(argument);
        // Also where the server would take the word for something else: then one key too many is judged.
        keyNext = index > 1 && (Is(argument, "STORE") || Is(argument, "STOREDIST"));
    }

    private static bool TryCount(ReadOnlySpan<byte> text, out int count) =>
        Utf8Parser.TryParse(text, out count, out int used) && used == text.Length && count >= 0 && (text[0] != '0' || used == 1) && char.IsAsciiDigit((char)text[0]);

    private static bool Is(ReadOnlySpan<byte> argument, string word) => Ascii.EqualsIgnoreCase(argument, word);
}
