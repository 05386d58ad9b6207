using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Proxy.Redis;

/// <summary>Tells the conversation of every command that is forwarded.</summary>
internal sealed class CommandWatch(RedisConversation conversation)
{
    private RedisCommand command = RedisCommands.Other;
    private int arguments;
    private bool isReplyMode;
    private string? replyMode;

    /// <summary>When what is being read was received.</summary>
    public long Now { get; set; }

    public RedisCommand Command => command;

    /// <returns>Whether the arguments matter.</returns>
    public bool Begin(RedisCommand begun, int count)
    {
        (command, arguments) = (begun, count);
        if (begun.Turn != RedisTurn.Client) return false;
        (isReplyMode, replyMode) = (false, null);
        return true;
    }

    public void Argument(int index, ReadOnlySpan<byte> start)
    {
        if (index == 1) isReplyMode = command.Turn == RedisTurn.Client && arguments == 3 && Ascii.EqualsIgnoreCase(start, "REPLY");
        if (index != 2 || !isReplyMode) return;
        replyMode = Ascii.EqualsIgnoreCase(start, "OFF") ? "OFF" : Ascii.EqualsIgnoreCase(start, "ON") ? "ON" : Ascii.EqualsIgnoreCase(start, "SKIP") ? "SKIP" : null;
    }

    public void End()
    {
        if (command.Turn == RedisTurn.None) conversation.Sent(command, Now);
        else conversation.Turned(command, arguments, command.Turn == RedisTurn.Client ? replyMode : null, Now);
    }

    public readonly struct Sink(CommandWatch watch) : IRespCommandSink
    {
        public bool Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments) => watch.Begin(command, arguments);

        public void Argument(int index, ReadOnlySpan<byte> start) => watch.Argument(index, start);

        public bool End()
        {
            watch.End();
            return true;
        }
    }
}
