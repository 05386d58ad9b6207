using System.Text;

namespace Mesh.Http.Resp;

/// <summary>One command as far as a policy asks: its name, its subcommand and its keys. Reused from command to command; what it gives is valid until the next.
/// Channels count as keys. Where the keys cannot be known, <see cref="TouchesAnyKey"/> says so.</summary>
public sealed class RedisRequest
{
    /// <summary>Room that is kept from command to command.</summary>
    private const int MaxIdleBytes = 16 * 1024;

    private readonly KeyFinder finder;
    private readonly List<(int Start, int Length)> keys = [];
    private byte[] bytes = new byte[256];
    private int length;
    private int nameLength;
    private int subcommandLength;
    private int arguments;
    private int seen;

    public RedisRequest() => finder = new KeyFinder(this);

    /// <summary>Of "client kill" what is known of it in particular.</summary>
    public RedisCommand Command { get; private set; } = RedisCommands.Other;

    public ReadOnlySpan<byte> Name => bytes.AsSpan(0, nameLength);

    /// <summary>Empty for commands without.</summary>
    public ReadOnlySpan<byte> Subcommand => bytes.AsSpan(nameLength, subcommandLength);

    public bool TouchesAnyKey { get; internal set; }

    public int KeyCount => keys.Count;

    /// <summary>The keys are patterns.</summary>
    public bool HasPatterns => Command.Keys == KeyRule.Patterns;

    /// <summary>What is still to come changes nothing of the above.</summary>
    public bool IsDecided => seen >= (HasSubcommand ? 1 : 0) && (TouchesAnyKey || finder.IsDone);

    private bool HasSubcommand => arguments > 1 && (Command.IsContainer || Command == RedisCommands.Other);

    /// <summary>Cut after <see cref="RespRequestParser.MaxKept"/> bytes.</summary>
    public ReadOnlySpan<byte> Key(int index) => bytes.AsSpan(keys[index].Start, keys[index].Length);

    public void Begin(RedisCommand command, ReadOnlySpan<byte> name, int count)
    {
        if (bytes.Length > MaxIdleBytes) bytes = new byte[256];
        keys.Clear();
        (Command, arguments, seen, length, subcommandLength, TouchesAnyKey) = (command, count, 0, 0, 0, false);
        Append(name);
        nameLength = length;
        finder.Begin(command, count);
    }

    public void Argument(int index, ReadOnlySpan<byte> argument)
    {
        if (index == 1 && HasSubcommand)
        {
            Append(argument);
            subcommandLength = argument.Length;
            Command = RedisCommands.Subcommand(Command, argument);
        }
        finder.Argument(index, argument);
        seen = index;
    }

    /// <summary>For people: the name and subcommand, whatever strange bytes they have.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        AppendPrintable(text, Name);
        if (subcommandLength > 0) AppendPrintable(text.Append('|'), Subcommand);
        return text.ToString();
    }

    internal void AddKey(ReadOnlySpan<byte> key)
    {
        keys.Add((length, key.Length));
        Append(key);
    }

    private void Append(ReadOnlySpan<byte> more)
    {
        if (length + more.Length > bytes.Length) Array.Resize(ref bytes, Math.Max(2 * bytes.Length, length + more.Length));
        more.CopyTo(bytes.AsSpan(length));
        length += more.Length;
    }

    private static void AppendPrintable(StringBuilder text, ReadOnlySpan<byte> name)
    {
        const int longest = 64;
        foreach (byte b in name[..Math.Min(name.Length, longest)]) text.Append(b is > (byte)' ' and < 127 ? char.ToLowerInvariant((char)b) : '?');
    }
}
