using System.Buffers;
using System.Runtime.CompilerServices;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>Sends what only reads to a replica and everything else to the primary. Commands go to one of the two at a time; the other gets the next one when nothing
/// is missing of the first's replies, so that replies keep their order and nobody reads what was written after the read was sent. When it is in doubt what
/// the connection is, it ends for good, and everything goes to the primary.
/// <para>Three parts of one connection meet here, all on its loop: who reads the client's commands, who reads the primary's replies, and a <see cref="ReplicaLink"/>.
/// Each waits for the others by a signal of its own.</para></summary>
internal sealed class RedisSpread
{
    private readonly ProxyContext context;
    private readonly RedisRelay relay;
    private readonly RedisConversation conversation;
    private readonly IReplicaSource source;
    private readonly TrafficParties primaryParties;
    private readonly Loop loop;
    private readonly PrimaryTalk talk = new();
    private readonly ChangeSignal commands = new();
    private readonly ChangeSignal primaryReplies = new();
    private readonly ChangeSignal asked = new();
    private readonly ReplicaChoice choice;
    private ReplicaLink? link;
    private bool isOutdated; // the link; it is not used any more
    private bool primaryBusy;
    private bool primaryEnded;
    private bool asksPrimary;

    public RedisSpread(ProxyContext context, RedisRelay relay, RedisConversation conversation, IReplicaSource source, TrafficParties primaryParties)
    {
        (this.context, this.relay, this.conversation, this.source, this.primaryParties) = (context, relay, conversation, source, primaryParties);
        loop = relay.Client.Loop;
        choice = new ReplicaChoice(source, loop, commands.Set);
    }

    /// <summary>Commands go to the replica.</summary>
    public bool OnReplica { get; private set; }

    /// <summary>For good.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The connection is over.</summary>
    public bool IsStopped { get; private set; }

    public bool ReplicaIsIdle => link is null || link.IsIdle;

    /// <summary>A policy at the replica asks about commands, or one may when it is known which replica it is.</summary>
    public bool ReplicaMayAsk => link is { IsConnecting: true } or { Gate.IsNeeded: true };

    private bool PrimaryIsIdle => talk.IsAnswered && !primaryBusy;

    private bool CanUse => link is { IsReady: true } && !isOutdated && !IsOver && choice.Settings is not null;

    /// <summary>Commands have come.</summary>
    public void Refresh()
    {
        link?.Gate?.Refresh();
        if (isOutdated && link is { IsConnecting: false, IsIdle: true }) link.Abort();
        // New replicas get their share of connections, too.
        isOutdated |= choice.Refresh(context.Snapshots.Current) && link is not null;
    }

    /// <param name="now">When it was received.</param>
    /// <returns>Whether it must be seen whole before it is forwarded.</returns>
    public bool Begin(RedisCommand command, long now)
    {
        if (IsOver) return false;
        talk.Begin(command);
        return talk.NeedsWhole || (talk.IsRead && IsFree(now) && IsReachable(now));
    }

    /// <summary>Of a command that must be seen whole.</summary>
    public void Argument(int index, ReadOnlySpan<byte> start)
    {
        if (talk.NeedsArguments) talk.Argument(index, start);
    }

    public bool WantsArguments => talk.NeedsArguments;

    /// <summary>It is too large to be seen whole.</summary>
    public void OnTooLarge()
    {
        if (!talk.IsRead) End();
    }

    /// <param name="question">Null where no policy at the replica asks.</param>
    /// <returns>Whether the command that has just ended goes to the replica.</returns>
    public bool Chooses(RedisRequest? question) => talk.IsRead && !IsOver && (link is { IsConnecting: true } || IsAllowed(question));

    /// <summary>An allowed command, where commands go already.</summary>
    /// <returns>False: <see cref="UseAsync"/> must come first.</returns>
    public bool TryTake(bool toReplica, in ReadOnlySequence<byte> buffer, long start, long end)
    {
        if ((toReplica && end - start <= HeldReads.MaxCommandBytes) != OnReplica) return false;
        if (!OnReplica)
        {
            TakeToPrimary(buffer, start, end);
            return true;
        }
        if (!CanUse || !link!.Held.Fits(end - start)) return false;
        link.Hold(buffer.Slice(start, end - start));
        return true;
    }

    /// <summary>Where commands go from now on; to the primary, if the replica cannot take it.</summary>
    /// <param name="question">As the command that goes there must be asked about; null: it was not read so far.</param>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask UseAsync(bool replica, long bytes, RedisRequest? question)
    {
        if (replica && bytes <= HeldReads.MaxCommandBytes && await TryUseReplicaAsync(bytes, question)) return;
        while (!ReplicaIsIdle && !IsStopped) await commands.WaitAsync();
        OnReplica = false;
    }

    /// <summary>As <see cref="TryTake"/>, after <see cref="UseAsync"/>.</summary>
    public void Take(in ReadOnlySequence<byte> buffer, long start, long end)
    {
        if (OnReplica) link!.Hold(buffer.Slice(start, end - start));
        else TakeToPrimary(buffer, start, end);
    }

    /// <summary>A command of ours.</summary>
    public void SentToPrimary() => talk.Sent();

    public ValueTask SendToReplicaAsync(in ReadOnlySequence<byte> bytes) => link!.SendAsync(bytes);

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask ToClientAsync(ReadOnlySequence<byte> replies)
    {
        relay.Count(up: false, 0); // the bytes belong to another connection, but this one is not idle
        await relay.Client.Output.WriteSequenceAsync(replies);
    }

    public void End()
    {
        IsOver = true;
        Changed();
    }

    /// <summary>It is over and nothing of it is left but a connection.</summary>
    public void Close()
    {
        choice.Stop();
        link?.Abort();
    }

    /// <summary>The connection is over.</summary>
    public void Stop()
    {
        IsStopped = IsOver = true;
        choice.Stop();
        link?.Abort();
        Changed();
    }

    /// <summary>Who waits looks again.</summary>
    public void Changed()
    {
        asked.Set();
        primaryReplies.Set();
        commands.Set();
    }

    /// <summary>Replies of the primary have come: its turn is when none of the replica is on the way.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask BeginPrimaryAsync()
    {
        while (!ReplicaIsIdle && !asksPrimary && !IsStopped) await primaryReplies.WaitAsync();
        primaryBusy = true;
        BeginReplies(primaryParties);
    }

    /// <param name="ended">There will be no more of them.</param>
    public void EndPrimary(bool ended)
    {
        primaryBusy = false;
        primaryEnded |= ended;
        IsOver |= ended || conversation.Lost is not null;
        Changed();
    }

    public void PrimaryAnswered(in RespReply reply, long now) => IsOver |= !talk.TryAnswer(reply, now);

    public void ReplicaAnswered(in RespReply reply, long now) => conversation.Answered(reply, now);

    public void BeginReplies(TrafficParties parties) => conversation.AnswersFrom(parties);

    public void EndReplies(long now) => conversation.Flush(now);

    /// <summary>The oldest command that the replica holds goes to the primary, and its reply to the client.</summary>
    /// <returns>False: the primary will not answer.</returns>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<bool> AskPrimaryAsync(ReplicaLink from, string reason)
    {
        context.Reporter.RedisReplayed(loop.Index, from.Replica.Parties, reason, 1);
        asksPrimary = true;
        try
        {
            Repeat(from);
            await relay.Upstream.Output.FlushAsync();
            Changed();
            while (!PrimaryIsIdle && !IsStopped && !primaryEnded) await asked.WaitAsync();
            return PrimaryIsIdle;
        }
        finally
        {
            asksPrimary = false;
        }
    }

    /// <summary>A link has ended; the primary gets what it did not answer.</summary>
    public async ValueTask LeaveAsync(ReplicaLink left, string reason)
    {
        if (isOutdated) choice.Left();
        else choice.Fail(left.Endpoint, left.HasAnswered && reason == ReplicaReplies.Closed);
        if (left.Held.Count > 0 && !IsStopped)
        {
            if (left.HasBegun) relay.BreakOff(RedisFailures.ReplicaBroke(left.Replica.Endpoint.Workload.Uid));
            else await AskPrimaryAsync(left, reason, left.Held.Count);
        }
        if (link != left) return;
        (link, OnReplica, isOutdated) = (null, false, false);
    }

    private async ValueTask AskPrimaryAsync(ReplicaLink from, string reason, int count)
    {
        context.Reporter.RedisReplayed(loop.Index, from.Replica.Parties, reason, count);
        asksPrimary = true;
        try
        {
            while (from.Held.Count > 0) Repeat(from);
            await relay.Upstream.Output.FlushAsync();
        }
        catch (ConnectionBrokenException)
        {
            // Who reads the primary's replies finds out.
        }
        asksPrimary = false;
    }

    private void Repeat(ReplicaLink from)
    {
        relay.Upstream.Output.Write(from.Held.First);
        from.Held.TakeFirst();
        talk.Sent();
    }

    private bool IsAllowed(RedisRequest? question) => link?.Gate is not { IsNeeded: true } gate || (question is not null && gate.Decide(question).Allowed);

    /// <summary>Nothing holds the connection to the primary.</summary>
    private bool IsFree(long now) =>
        choice.Settings is { } settings && !conversation.InTransaction && conversation.Lost is null && talk.IsFree(settings.AfterWrite, loop.Time, now);

    /// <summary>There is a replica, or there may soon be one.</summary>
    private bool IsReachable(long now)
    {
        if (link is not null) return CanUse || (link.IsConnecting && choice.IsPatient);
        if (choice.Try(now) is not { } service) return false;
        link = new ReplicaLink(this, loop);
        _ = link.RunAsync(source, service, choice.Failed);
        return link is not null && (link.IsReady || choice.IsPatient);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> TryUseReplicaAsync(long bytes, RedisRequest? question)
    {
        while (link is { IsConnecting: true } && choice.IsPatient && !IsOver) await commands.WaitAsync();
        if (CanUse) choice.Succeeded();
        while (CanUse && ((!OnReplica && !IsPrimaryDone()) || !link!.Held.Fits(bytes))) await commands.WaitAsync();
        if (!CanUse || !IsAllowed(question)) return false;
        try
        {
            await link!.RepeatAsync(talk.State);
        }
        catch (ConnectionBrokenException)
        {
            return false;
        }
        OnReplica = CanUse;
        return OnReplica;
    }

    /// <summary>The client has every answer of before, ours among them.</summary>
    private bool IsPrimaryDone()
    {
        if (!conversation.IsDeniedNext) return PrimaryIsIdle;
        relay.Upstream.Input.CancelPendingRead();
        return false;
    }

    private void TakeToPrimary(in ReadOnlySequence<byte> buffer, long start, long end)
    {
        if (IsOver)
        {
            talk.Sent();
            return;
        }
        isOutdated |= talk.IsReset && link is not null;
        IsOver = !talk.TrySend(buffer, start, end, conversation.InTransaction);
    }
}
