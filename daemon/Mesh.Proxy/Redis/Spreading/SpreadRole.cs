using Mesh.Http.Resp;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>What a command means for where reads may go.</summary>
internal enum SpreadRole : byte
{
    /// <summary>Only reads the keys that it names: any copy of the data can answer.</summary>
    Read,

    /// <summary>For the primary, and changes nothing that a read could see.</summary>
    Stay,

    /// <summary>May change what is read.</summary>
    Write,

    /// <summary>Changes the connection in a way that can be repeated on another: AUTH, HELLO, SELECT.</summary>
    State,

    /// <summary>CLIENT: its subcommand decides.</summary>
    Client,

    /// <summary>Reads that follow belong to a transaction.</summary>
    Watch,
    Unwatch,
    Exec,

    /// <summary>The connection is as new.</summary>
    Reset,

    /// <summary>The connection is another from here on, or may be.</summary>
    End,
}

internal static class SpreadRoles
{
    private const RedisCategories NoPlainRead =
        RedisCategories.Write | RedisCategories.Blocking | RedisCategories.Admin | RedisCategories.Dangerous | RedisCategories.Scripting;

    private static readonly SpreadRole[] Roles = [.. RedisCommands.All.Select(Decide)];

    public static SpreadRole Of(RedisCommand command) => Roles[command.Id];

    private static SpreadRole Decide(RedisCommand command) => command.Name switch
    {
        "auth" or "hello" or "select" or "readonly" or "readwrite" => SpreadRole.State,
        "client" => SpreadRole.Client,
        "watch" => SpreadRole.Watch,
        "unwatch" or "discard" => SpreadRole.Unwatch,
        "exec" => SpreadRole.Exec,
        "reset" => SpreadRole.Reset,
        "asking" or "quit" => SpreadRole.End,
        // A cursor belongs to the server that gave it. TOUCH is for what the primary knows of the last use.
        "hscan" or "sscan" or "zscan" or "touch" => SpreadRole.Stay,
        "time" or "info" or "role" or "lastsave" or "multi" => SpreadRole.Stay,
        _ => command.Turn != RedisTurn.None ? SpreadRole.End
            : IsPlainRead(command) ? SpreadRole.Read
            : IsHarmless(command) ? SpreadRole.Stay
            : SpreadRole.Write,
    };

    /// <summary>Subcommands tell about the server itself: OBJECT, MEMORY, XINFO.</summary>
    private static bool IsPlainRead(RedisCommand command) =>
        command.Categories.HasFlag(RedisCategories.Read) && (command.Categories & NoPlainRead) == 0
        && command.Keys is not (KeyRule.None or KeyRule.Any) && !command.IsContainer;

    private static bool IsHarmless(RedisCommand command) =>
        (command.Categories & RedisCategories.Write) == 0 && (command.Categories & (RedisCategories.Read | RedisCategories.Connection | RedisCategories.PubSub)) != 0;
}
