using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>What a command of <see cref="SpreadRole.State"/> or <see cref="SpreadRole.Client"/> does, told from its arguments.</summary>
internal sealed class SessionCommand
{
    private RedisCommand command = RedisCommands.Other;
    private int skip; // arguments that belong to an option of HELLO

    /// <summary>None: it changes nothing, or nothing that we know.</summary>
    public SessionPart Part { get; private set; }

    /// <summary>It also gives the connection a name.</summary>
    public bool Names { get; private set; }

    /// <summary>A subcommand of CLIENT that concerns other connections, or only asks.</summary>
    public bool IsQuestion { get; private set; }

    public void Begin(RedisCommand begun)
    {
        (command, skip, Names, IsQuestion) = (begun, 0, false, false);
        Part = begun.Name switch
        {
            "auth" => SessionPart.User,
            "hello" => SessionPart.Hello,
            "select" => SessionPart.Database,
            "readonly" or "readwrite" => SessionPart.ReadMode,
            _ => SessionPart.None,
        };
    }

    public void Argument(int index, ReadOnlySpan<byte> argument)
    {
        if (command.Turn == RedisTurn.Hello) Hello(index, argument);
        else if (command.Turn == RedisTurn.Client) Client(index, argument);
    }

    private void Hello(int index, ReadOnlySpan<byte> argument)
    {
        if (index == 1) return;
        if (skip > 0)
        {
            skip--;
        }
        else if (Is(argument, "AUTH"))
        {
            (Part, skip) = (SessionPart.HelloWithUser, 2);
        }
        else if (Is(argument, "SETNAME"))
        {
            (Names, skip) = (true, 1);
        }
    }

    private void Client(int index, ReadOnlySpan<byte> argument)
    {
        if (index == 1)
        {
            if (Is(argument, "SETNAME")) Part = SessionPart.Name;
            if (Is(argument, "SETINFO")) Part = SessionPart.LibraryName; // which of both, the next argument says
            IsQuestion = Is(argument, "ID") || Is(argument, "INFO") || Is(argument, "LIST") || Is(argument, "GETNAME") || Is(argument, "GETREDIR") || Is(argument, "TRACKINGINFO")
                || Is(argument, "KILL") || Is(argument, "PAUSE") || Is(argument, "UNPAUSE") || Is(argument, "UNBLOCK") || Is(argument, "HELP");
        }
        else if (index == 2 && Part == SessionPart.LibraryName)
        {
            Part = Is(argument, "LIB-NAME") ? SessionPart.LibraryName : Is(argument, "LIB-VER") ? SessionPart.LibraryVersion : SessionPart.None;
        }
    }

    private static bool Is(ReadOnlySpan<byte> argument, string word) => Ascii.EqualsIgnoreCase(argument, word);
}
