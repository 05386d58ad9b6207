using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Mesh.Http.Resp;

/// <summary>Finds commands by the bytes of their names, whatever their case, without allocating.</summary>
public static class RedisCommands
{
    /// <summary>Longer names belong to no command of the table.</summary>
    private const int LongestName = 24;

    private const int SlotCount = 1024; // four times what is in it
    private const ulong LowerCase = 0x2020202020202020;

    private static readonly Slot[] Slots = new Slot[SlotCount];
    private static readonly List<RedisCommand> Known = [];

    static RedisCommands()
    {
        Other = Add("other - any");
        foreach (var line in RedisCommandTable.Text.EnumerateLines()) Enter(Add(line.ToString()));
    }

    /// <summary>Names in three words of eight bytes.</summary>
    private struct Slot
    {
        public ulong First, Second, Third;
        public RedisCommand? Command;
    }

    /// <summary>Every command that the table does not know.</summary>
    public static RedisCommand Other { get; }

    /// <summary>In order of their ids; <see cref="Other"/> is the first.</summary>
    public static IReadOnlyList<RedisCommand> All => Known;

    public static int Count => Known.Count;

    /// <returns><see cref="Other"/> for what the table does not know.</returns>
    public static RedisCommand Find(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > LongestName) return Other;
        var (first, second, third) = Words(name);
        for (int at = HashOf(first, second, third); ; at = (at + 1) & (SlotCount - 1))
        {
            ref var slot = ref Slots[at];
            if (slot.Command is null) return Other;
            // Letters are compared without their case; another byte that the mask makes equal must not pass for one.
            if (slot.First == first && slot.Second == second && slot.Third == third && Ascii.EqualsIgnoreCase(name, slot.Command.Name)) return slot.Command;
        }
    }

    /// <returns>What is known of "client|kill"; the command itself where nothing in particular is.</returns>
    public static RedisCommand Subcommand(RedisCommand command, ReadOnlySpan<byte> subcommand)
    {
        if (command.Turn != RedisTurn.Client || subcommand.Length > LongestName - command.Name.Length - 1) return command;
        Span<byte> name = stackalloc byte[LongestName];
        int length = Encoding.ASCII.GetBytes(command.Name, name);
        name[length++] = (byte)'|';
        subcommand.CopyTo(name[length..]);
        var found = Find(name[..(length + subcommand.Length)]);
        return found == Other ? command : found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ulong First, ulong Second, ulong Third) Words(ReadOnlySpan<byte> name)
    {
        Span<byte> padded = stackalloc byte[LongestName];
        padded.Clear();
        name.CopyTo(padded);
        return (BinaryPrimitives.ReadUInt64LittleEndian(padded) | LowerCase,
            BinaryPrimitives.ReadUInt64LittleEndian(padded[8..]) | LowerCase,
            BinaryPrimitives.ReadUInt64LittleEndian(padded[16..]) | LowerCase);
    }

    private static int HashOf(ulong first, ulong second, ulong third)
    {
        ulong hash = (first ^ (second * 31) ^ (third * 1031)) * 0x9E3779B97F4A7C15;
        return (int)(hash >> 54);
    }

    private static void Enter(RedisCommand command)
    {
        var (first, second, third) = Words(Encoding.ASCII.GetBytes(command.Name));
        int at = HashOf(first, second, third);
        while (Slots[at].Command is not null) at = (at + 1) & (SlotCount - 1);
        Slots[at] = new Slot { First = first, Second = second, Third = third, Command = command };
    }

    private static RedisCommand Add(string line)
    {
        string[] words = line.Split(' ');
        var categories = RedisCategories.None;
        foreach (char letter in words[1]) categories |= CategoryOf(letter);
        var command = new RedisCommand(Known.Count, words[0], categories, RuleOf(words), Number(words, 2, 0), Number(words, 3, 0), Number(words, 4, 1));
        Known.Add(command);
        return command;
    }

    private static KeyRule RuleOf(string[] words) => words[2] switch
    {
        "none" => KeyRule.None,
        "any" => KeyRule.Any,
        "counted" => KeyRule.Counted,
        "counted-to" => KeyRule.CountedTo,
        "script" => KeyRule.Script,
        "streams" => KeyRule.Streams,
        "sort" => KeyRule.Sort,
        "radius" => KeyRule.Radius,
        _ => words[^1] == "patterns" ? KeyRule.Patterns : KeyRule.Range,
    };

    /// <summary>Rules put their one number behind the rule's name.</summary>
    private static int Number(string[] words, int index, int otherwise)
    {
        if (index == 2 && words.Length > 3 && char.IsAsciiLetter(words[2][0])) index = 3;
        return words.Length > index && int.TryParse(words[index], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
    }

    private static RedisCategories CategoryOf(char letter) => letter switch
    {
        'r' => RedisCategories.Read,
        'w' => RedisCategories.Write,
        'a' => RedisCategories.Admin,
        'd' => RedisCategories.Dangerous,
        'b' => RedisCategories.Blocking,
        'p' => RedisCategories.PubSub,
        'c' => RedisCategories.Connection,
        't' => RedisCategories.Transaction,
        's' => RedisCategories.Scripting,
        'k' => RedisCategories.Keyspace,
        _ => RedisCategories.None,
    };
}
