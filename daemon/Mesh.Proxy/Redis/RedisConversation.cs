using System.Text;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Redis;

/// <summary>What client and server say to each other, matched: which command a reply answers, what is no reply at all, and when that cannot be told any
/// more. Counts commands and how long they took. It changes nothing.
/// <para>Without a reply: while CLIENT REPLY is OFF or SKIP. Confirmed instead of answered: subscriptions. Not asked for: pushes (RESP3), messages to a
/// subscriber (RESP2). From MONITOR, SYNC and PSYNC on, replies are no longer followed; nor after a reply that nothing was waiting for.</para></summary>
internal sealed class RedisConversation(ITrafficReporter reporter, Loop loop, TrafficParties parties)
{
    private readonly PendingCommands pending = new();
    private TrafficParties? elsewhere; // who answers, if it is not who is asked
    private RedisVersion version = RedisVersion.Two;
    private bool silent;       // CLIENT REPLY OFF
    private bool skipsNext;    // CLIENT REPLY SKIP
    private long channels;     // subscriptions of this client, as the server counts them
    private long shardChannels;
    private int confirmations; // runs that wait for one
    private RedisCommand? answered; // replies of the same kind, counted together
    private long answeredSentAt;
    private bool answeredError;
    private int answeredCount;

    private enum RedisVersion
    {
        Two,
        Three,
    }

    /// <summary>Replies are not followed any more, for this reason; null while they are.</summary>
    public string? Lost { get; private set; }

    /// <summary>An answer of ours was due when replies were lost: it has no place any more.</summary>
    public bool OwesAnswer { get; private set; }

    /// <summary>Between MULTI and its end.</summary>
    public bool InTransaction { get; private set; }

    /// <summary>Something of the open transaction was denied, so it must not be carried out.</summary>
    public bool IsTransactionSpoilt { get; private set; }

    /// <summary>The next answer is ours.</summary>
    public bool IsDeniedNext => !pending.IsEmpty && pending.Head.Kind == PendingKind.Denied;

    /// <summary>The next reply is to be dropped, and ours given.</summary>
    public bool IsReplacedNext => !pending.IsEmpty && pending.Head.Kind == PendingKind.Replaced;

    /// <summary>An array may be a message to a subscriber.</summary>
    public bool HasMessages => version == RedisVersion.Two && (channels > 0 || shardChannels > 0 || confirmations > 0);

    /// <summary>Whose replies follow, where it is not always the same; those of before are flushed.</summary>
    public void AnswersFrom(TrafficParties server) => elsewhere = server;

    /// <summary>The usual command.</summary>
    public void Sent(RedisCommand command, long now)
    {
        if (Lost is null && ExpectsReply() && !pending.TryAdd(command, now)) Lose("too_many_pending");
    }

    /// <summary>A command after which the conversation is another.</summary>
    /// <param name="clientReply">What CLIENT REPLY was given, in capitals; null for all else.</param>
    public void Turned(RedisCommand command, int arguments, string? clientReply, long now)
    {
        switch (command.Turn)
        {
            case RedisTurn.Multi:
                InTransaction = true;
                break;
            case RedisTurn.Exec or RedisTurn.Discard or RedisTurn.Reset:
                InTransaction = IsTransactionSpoilt = false;
                break;
            case RedisTurn.Monitor or RedisTurn.Replicate:
                Lose("mode");
                return;
            case RedisTurn.Client when clientReply is not null:
                ReplyMode(command, clientReply, now);
                return;
            case RedisTurn.Subscribe or RedisTurn.Unsubscribe or RedisTurn.Hello when InTransaction:
                // Inside a transaction its confirmations have no place in the reply, and a change of version comes in the middle of it.
                Lose("mode");
                return;
            case RedisTurn.Subscribe or RedisTurn.Unsubscribe when arguments > 1 || command.Turn == RedisTurn.Unsubscribe:
                Confirms(command, Math.Max(1, arguments - 1), now);
                return;
            default:
                break;
        }
        Sent(command, now);
    }

    /// <summary>A command that was not forwarded.</summary>
    public void Denied(RedisCommand command, string reason, long now)
    {
        IsTransactionSpoilt |= InTransaction;
        reporter.RedisEnded(loop.Index, parties, command, RedisResult.Denied, TimeSpan.Zero, 1);
        Owe(command, PendingKind.Denied, reason, now);
    }

    /// <summary>DISCARD was forwarded in place of EXEC.</summary>
    public void Replaced(RedisCommand command, string reason, long now)
    {
        InTransaction = IsTransactionSpoilt = false;
        Owe(command, PendingKind.Replaced, reason, now);
    }

    /// <summary>Our own answer that is due now.</summary>
    public string TakeDenied()
    {
        string reason = pending.Head.Reason!;
        pending.TakeRun();
        return reason;
    }

    /// <returns>Whether the next reply can be forwarded as it is.</returns>
    public bool Answered(in RespReply reply, long now)
    {
        if (Lost is not null) return true;
        if (reply.IsPush || (HasMessages && reply.Type == (byte)'*'))
        {
            if (TookMessage(reply, now)) return !IsDeniedNext && !IsReplacedNext;
        }
        if (pending.IsEmpty || pending.Head.Kind == PendingKind.Denied)
        {
            Lose("unexpected_reply");
            return true;
        }
        ref var head = ref pending.Head;
        if (head.Kind == PendingKind.Reply)
        {
            if (head.Command.Turn != RedisTurn.None) Turn(head.Command, reply);
            Count(head.Command, head.SentAt, reply.IsError, now);
            pending.Take();
        }
        else
        {
            AnsweredUnusual(ref head, reply, now);
        }
        return !IsDeniedNext && !IsReplacedNext;
    }

    /// <summary>The end of what was received at once: what was gathered is counted.</summary>
    public void Flush(long now)
    {
        if (answered is null) return;
        var result = answeredError ? RedisResult.Error : RedisResult.Ok;
        reporter.RedisEnded(loop.Index, elsewhere ?? parties, answered, result, loop.Time.GetElapsedTime(answeredSentAt, now), answeredCount);
        answered = null;
    }

    /// <summary>The connection is over: what was not answered has failed.</summary>
    public void End()
    {
        for (; !pending.IsEmpty; pending.TakeRun())
        {
            ref var run = ref pending.Head;
            if (run.Kind == PendingKind.Reply) reporter.RedisEnded(loop.Index, elsewhere ?? parties, run.Command, RedisResult.Error, TimeSpan.Zero, run.Count);
        }
    }

    public void Lose(string reason)
    {
        if (Lost is not null) return;
        Lost = reason;
        reporter.RedisOpaque(loop.Index, parties, reason);
        for (; !pending.IsEmpty; pending.TakeRun()) OwesAnswer |= pending.Head.Kind is PendingKind.Denied or PendingKind.Replaced;
    }

    private void Owe(RedisCommand command, PendingKind kind, string reason, long now)
    {
        if (Lost is not null)
            OwesAnswer = true;
        else if (ExpectsReply() && !pending.TryAdd(command, now, kind, 1, reason))
            Lose("too_many_pending");
    }

    private bool ExpectsReply()
    {
        if (silent) return false;
        bool skipped = skipsNext;
        skipsNext = false;
        return !skipped;
    }

    private void ReplyMode(RedisCommand command, string mode, long now)
    {
        if (InTransaction)
        {
            Lose("mode");
            return;
        }
        switch (mode)
        {
            case "OFF":
                silent = true;
                break;
            case "ON":
                silent = skipsNext = false;
                Sent(command, now);
                break;
            default:
                skipsNext = !silent;
                break;
        }
    }

    private void Confirms(RedisCommand command, int times, long now)
    {
        if (Lost is not null || !ExpectsReply()) return;
        // Without channels there are as many confirmations as there were subscriptions: the first is the answer, the rest are like messages.
        if (!pending.TryAdd(command, now, PendingKind.Confirmation, times, null)) Lose("too_many_pending");
        else confirmations++;
    }

    private bool TookMessage(in RespReply reply, long now)
    {
        bool shard = reply.Word.StartsWith("s"u8) && !reply.Word.StartsWith("subscribe"u8);
        if (reply.Word.EndsWith("subscribe"u8))
        {
            if (shard) shardChannels = reply.Number;
            else channels = reply.Number;
            Confirmed(reply, now);
            return true;
        }
        return reply.IsPush || reply.Word.EndsWith("message"u8);
    }

    private void Confirmed(in RespReply reply, long now)
    {
        if (pending.IsEmpty || pending.Head.Kind != PendingKind.Confirmation) return;
        ref var head = ref pending.Head;
        if (!Ascii.Equals(reply.Word, head.Command.Name)) return;
        if (head.Count == 1)
        {
            confirmations--;
            Count(head.Command, head.SentAt, error: false, now);
        }
        pending.Take();
    }

    private void AnsweredUnusual(ref PendingRun head, in RespReply reply, long now)
    {
        if (head.Kind == PendingKind.Confirmation && !reply.IsError)
        {
            Lose("unexpected_reply");
            return;
        }
        if (head.Kind == PendingKind.Confirmation) confirmations--;
        Count(head.Command, head.SentAt, error: true, now);
        if (head.Kind == PendingKind.Replaced) head.Kind = PendingKind.Denied; // the reply was dropped, ours is due
        else pending.TakeRun();
    }

    private void Turn(RedisCommand command, in RespReply reply)
    {
        if (reply.IsError) return;
        if (command.Turn == RedisTurn.Hello) version = reply.Type == (byte)'%' ? RedisVersion.Three : RedisVersion.Two;
        if (command.Turn != RedisTurn.Reset) return;
        version = RedisVersion.Two;
        channels = shardChannels = 0;
    }

    private void Count(RedisCommand command, long sentAt, bool error, long now)
    {
        if (command == answered && sentAt == answeredSentAt && error == answeredError)
        {
            answeredCount++;
            return;
        }
        Flush(now);
        (answered, answeredSentAt, answeredError, answeredCount) = (command, sentAt, error, 1);
    }
}
