using System.Text;
using Mesh.Http.Resp;
using Mesh.Proxy.Redis.Spreading;

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

/// <summary>Asks the policy about one command after another, as early as it can be told, and whether it goes to a replica.</summary>
/// <param name="gate">Null where another node decides.</param>
/// <param name="spread">Null where no reads go elsewhere.</param>
internal sealed class CommandJudge(RedisGate? gate, RedisSpread? spread, RedisConversation conversation, CommandWatch watch)
{
    private readonly RedisRequest request = new();
    private bool asks;  // a policy is asked, here or at the replica, or may be before the command has ended
    private bool waits; // where it goes can be told when it is whole

    public CommandVerdict Verdict { get; private set; } = CommandVerdict.Allowed;

    /// <summary>Of an allowed command that has ended.</summary>
    public bool ToReplica { get; private set; }

    /// <summary>What to ask a policy at the replica about the command; null: it cannot be asked.</summary>
    public RedisRequest? Question { get; private set; }

    /// <summary>Nothing may pass that the policy was not asked about.</summary>
    public bool IsAsked => gate is { IsNeeded: true };

    /// <summary>Of a denial.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>For people.</summary>
    public string Command => request.Describe();

    /// <summary>A command that begins with the next byte.</summary>
    public void Reset() => (Verdict, ToReplica) = (CommandVerdict.Undecided, false);

    public void Deny(string reason) => (Verdict, Reason) = (CommandVerdict.Denied, reason);

    /// <summary>It has become too large to be held until it is whole only to know where it goes.</summary>
    public void StopWaiting(long bytes)
    {
        if (!waits || bytes <= HeldReads.MaxCommandBytes) return;
        waits = false;
        spread!.OnTooLarge();
        DecideEarly();
    }

    /// <returns>Whether the arguments matter.</returns>
    private bool Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments)
    {
        bool watched = watch.Begin(command, arguments);
        waits = spread is not null && spread.Begin(command, watch.Now);
        Question = waits && spread!.ReplicaMayAsk ? request : null;
        asks = gate is not null || Question is not null;
        if (asks) request.Begin(command, name, arguments);
        DecideEarly();
        return watched || asks || (waits && spread!.WantsArguments);
    }

    private void Argument(int index, ReadOnlySpan<byte> start)
    {
        watch.Argument(index, start);
        if (waits) spread!.Argument(index, start);
        if (Verdict != CommandVerdict.Undecided) return;
        if (asks) request.Argument(index, start);
        DecideEarly();
    }

    private void End()
    {
        if (Verdict == CommandVerdict.Undecided) Decide();
        if (Verdict == CommandVerdict.Allowed && waits) ToReplica = spread!.Chooses(Question);
        if (Verdict == CommandVerdict.Allowed && watch.Command.Turn == RedisTurn.Exec && conversation.IsTransactionSpoilt) Verdict = CommandVerdict.Abandoned;
        if (Verdict == CommandVerdict.Allowed) watch.End();
    }

    /// <summary>Not for EXEC, of which nothing must be sent while it may have to be replaced.</summary>
    private void DecideEarly()
    {
        if (Verdict == CommandVerdict.Undecided && !waits && (!IsAsked || request.IsDecided) && watch.Command.Turn != RedisTurn.Exec) Decide();
    }

    /// <summary>What may go to a replica must be allowed here as well: here it goes when the replica fails.</summary>
    private void Decide()
    {
        if (!IsAsked)
        {
            Verdict = CommandVerdict.Allowed;
            return;
        }
        var decision = gate!.Decide(request);
        if (decision.Allowed) Verdict = CommandVerdict.Allowed;
        else Deny(decision.Reason);
    }

    /// <summary>Stops after every command.</summary>
    public readonly struct Sink(CommandJudge judge) : IRespCommandSink
    {
        public bool Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments) => judge.Begin(command, name, arguments);

        public void Argument(int index, ReadOnlySpan<byte> start) => judge.Argument(index, start);

        public bool End()
        {
            judge.End();
            return false;
        }
    }
}
