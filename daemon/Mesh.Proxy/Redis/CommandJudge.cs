using Mesh.Http.Resp;

namespace Mesh.Proxy.Redis;

internal enum CommandVerdict
{
    /// <summary>Nothing of it may be forwarded yet.</summary>
    Undecided,
    Allowed,
    Denied,

    /// <summary>EXEC of a transaction of which something was denied.</summary>
    Abandoned,
}

/// <summary>Asks the policy about one command after another, as early as it can be told.</summary>
internal sealed class CommandJudge(RedisGate gate, RedisConversation conversation, CommandWatch watch)
{
    private readonly RedisRequest request = new();

    public CommandVerdict Verdict { get; private set; } = CommandVerdict.Allowed;

    /// <summary>Of a denial.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>For people.</summary>
    public string Command => request.Describe();

    /// <summary>A command that begins with the next byte.</summary>
    public void Reset() => Verdict = CommandVerdict.Undecided;

    public void Deny(string reason) => (Verdict, Reason) = (CommandVerdict.Denied, reason);

    private void Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments)
    {
        watch.Begin(command, arguments);
        request.Begin(command, name, arguments);
        DecideEarly();
    }

    private void Argument(int index, ReadOnlySpan<byte> start)
    {
        watch.Argument(index, start);
        if (Verdict != CommandVerdict.Undecided) return;
        request.Argument(index, start);
        DecideEarly();
    }

    private void End()
    {
        if (Verdict == CommandVerdict.Undecided) Decide();
        if (Verdict == CommandVerdict.Allowed && watch.Command.Turn == RedisTurn.Exec && conversation.IsTransactionSpoilt) Verdict = CommandVerdict.Abandoned;
        if (Verdict == CommandVerdict.Allowed) watch.End();
    }

    /// <summary>Not for EXEC, of which nothing must be sent while it may have to be replaced.</summary>
    private void DecideEarly()
    {
        if (Verdict == CommandVerdict.Undecided && request.IsDecided && watch.Command.Turn != RedisTurn.Exec) Decide();
    }

    private void Decide()
    {
        var decision = gate.Decide(request);
        if (decision.Allowed) Verdict = CommandVerdict.Allowed;
        else Deny(decision.Reason);
    }

    /// <summary>Stops after every command.</summary>
    public readonly struct Sink(CommandJudge judge) : IRespCommandSink
    {
        public bool Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments)
        {
            judge.Begin(command, name, arguments);
            return true;
        }

        public void Argument(int index, ReadOnlySpan<byte> start) => judge.Argument(index, start);

        public bool End()
        {
            judge.End();
            return false;
        }
    }
}
