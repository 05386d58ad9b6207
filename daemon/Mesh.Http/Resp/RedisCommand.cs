using System.Text;

namespace Mesh.Http.Resp;

/// <summary>Redis' own categories, those that say what a command may do.</summary>
[Flags]
public enum RedisCategories
{
    None = 0,
    Read = 1 << 0,
    Write = 1 << 1,
    Admin = 1 << 2,
    Dangerous = 1 << 3,
    Blocking = 1 << 4,
    PubSub = 1 << 5,
    Connection = 1 << 6,
    Transaction = 1 << 7,
    Scripting = 1 << 8,
    Keyspace = 1 << 9,
}

/// <summary>Where the keys of a command are.</summary>
public enum KeyRule
{
    /// <summary>Nowhere: it concerns the connection or the server as a whole.</summary>
    None,

    /// <summary>It may touch any key, or we do not know which.</summary>
    Any,

    /// <summary>At positions from First to Last in steps of Step.</summary>
    Range,

    /// <summary>The same, of patterns that stand for channels.</summary>
    Patterns,

    /// <summary>A number at First and that many after it.</summary>
    Counted,

    /// <summary>A destination at 1, then as <see cref="Counted"/>.</summary>
    CountedTo,

    /// <summary>As <see cref="Counted"/> at 2; without any, a script may touch every key.</summary>
    Script,

    /// <summary>Half of what follows STREAMS.</summary>
    Streams,

    /// <summary>At 1 and after STORE; patterns of BY and GET lead to others.</summary>
    Sort,

    /// <summary>At 1 and after STORE or STOREDIST.</summary>
    Radius,
}

/// <summary>Commands after which the conversation is another.</summary>
public enum RedisTurn
{
    None,
    Multi,
    Exec,
    Discard,
    Subscribe,
    Unsubscribe,
    Client,
    Hello,
    Reset,
    Monitor,
    Replicate,
}

/// <summary>What is known about a command. One object a command, for the life of the process.</summary>
public sealed class RedisCommand
{
    private static readonly string[] Containers =
    [
        "acl", "client", "cluster", "command", "config", "debug", "function", "latency", "memory", "module", "object", "pubsub", "script",
        "slowlog", "xgroup", "xinfo",
    ];

    private readonly byte[] small;
    private readonly byte[] capital;

    internal RedisCommand(int id, string name, RedisCategories categories, KeyRule keys, int first, int last, int step)
    {
        (Id, Name, Categories, Keys, First, Last, Step, Turn) = (id, name, categories, keys, first, last, step, TurnOf(name));
        IsContainer = Array.IndexOf(Containers, name) >= 0;
        (small, capital) = (Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(name.ToUpperInvariant()));
    }

    /// <summary>0 to <see cref="RedisCommands.Count"/> - 1.</summary>
    public int Id { get; }

    /// <summary>In small letters.</summary>
    public string Name { get; }

    public RedisCategories Categories { get; }
    public KeyRule Keys { get; }
    public int First { get; }
    public int Last { get; }
    public int Step { get; }
    public RedisTurn Turn { get; }

    /// <summary>Its first argument says what it does: CONFIG GET, CONFIG SET.</summary>
    public bool IsContainer { get; }

    /// <returns>The same bytes to keep; null for a spelling that is rarely used, and for <see cref="RedisCommands.Other"/>.</returns>
    internal byte[]? SpellingOf(ReadOnlySpan<byte> name) => name.SequenceEqual(capital) ? capital : name.SequenceEqual(small) ? small : null;

    private static RedisTurn TurnOf(string name) => name switch
    {
        "multi" => RedisTurn.Multi,
        "exec" => RedisTurn.Exec,
        "discard" => RedisTurn.Discard,
        "subscribe" or "psubscribe" or "ssubscribe" => RedisTurn.Subscribe,
        "unsubscribe" or "punsubscribe" or "sunsubscribe" => RedisTurn.Unsubscribe,
        "client" => RedisTurn.Client,
        "hello" => RedisTurn.Hello,
        "reset" => RedisTurn.Reset,
        "monitor" => RedisTurn.Monitor,
        "sync" or "psync" => RedisTurn.Replicate,
        _ => RedisTurn.None,
    };
}
