using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>A client's connection with one replica, from dialling to its end: what it was asked and has not answered, and its replies on their way to the client.
/// An error never is: the primary is asked instead, as it is about everything that is not answered when the link ends.</summary>
internal sealed class ReplicaLink
{
    /// <summary>Without a byte of an answer. A command that takes a primary so long is rare, and a replica that hangs must not make its clients hang.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Of a reply that is read whole before it is decided about: an error, or that to a HELLO.</summary>
    private const int MaxWithheld = 64 * 1024;

    private readonly RedisSpread spread;
    private readonly Loop loop;
    private readonly RespReplyScanner replies = new();
    private readonly LoopTimer watch;
    private ReplicaConnection? replica;
    private long appliedRevision;
    private int swallows;      // replies to repeated state
    private bool withheld;     // of the reply that is being read nothing is forwarded yet
    private bool replyEnded;
    private bool replyIsError;
    private long keptBytes;    // at the start of the buffer that were read already
    private long movedAt;
    private string reason = ReplicaReplies.Closed;
    private long receivedBytes;
    private long sentBytes;

    public ReplicaLink(RedisSpread spread, Loop loop)
    {
        (this.spread, this.loop) = (spread, loop);
        watch = new LoopTimer(loop.Timers, static self => ((ReplicaLink)self!).Look(), this);
    }

    public HeldReads Held { get; } = new();

    public bool IsConnecting { get; private set; } = true;

    /// <summary>Commands may be sent to it.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Nothing of it is on the way to the client, nor will be.</summary>
    public bool IsIdle => Held.Count == 0 && !IsBusy;

    public bool IsBusy { get; private set; }

    /// <summary>It has answered at least once.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>The client has got a part of an answer.</summary>
    public bool HasBegun { get; private set; }

    public EndpointModel? Endpoint => replica?.Endpoint;

    public RedisGate? Gate => replica?.Gate;

    public ReplicaConnection Replica => replica!;

    /// <summary>To its end.</summary>
    public async Task RunAsync(IReplicaSource source, ServicePortModel service, EndpointModel? avoid)
    {
        try
        {
            replica = await source.ConnectAsync(service, avoid);
            replica.Gate?.Refresh();
            IsReady = !spread.IsStopped;
            IsConnecting = false;
            spread.Changed();
            while (IsReady) await CarryAsync(await replica.Connection.Input.ReadAsync());
        }
        catch (Exception error) when (error is ConnectionBrokenException or ProxyException)
        {
            // Why does not matter: who is waiting is told below.
        }
        (IsConnecting, IsReady, IsBusy) = (false, false, true);
        watch.Cancel();
        await spread.LeaveAsync(this, reason);
        Held.Clear();
        IsBusy = false;
        if (replica is not null) await source.EndAsync(replica, HasBegun ? RedisFailures.ReplicaBroke(replica.Endpoint.Workload.Uid) : null, receivedBytes, sentBytes);
        spread.Changed();
    }

    /// <summary>Ends it; what is not answered goes to the primary.</summary>
    public void Abort()
    {
        IsReady = false;
        replica?.Connection.Abort();
    }

    /// <summary>Gives the connection the state of the client's, as far as it is not that already.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask RepeatAsync(SessionState state)
    {
        if (appliedRevision == state.Revision) return;
        var output = replica!.Connection.Output;
        state.WriteSince(appliedRevision, output, ref swallows);
        appliedRevision = state.Revision;
        await output.FlushAsync();
    }

    public void Hold(in ReadOnlySequence<byte> command)
    {
        if (Held.Count == 0) movedAt = loop.Time.GetTimestamp();
        if (!watch.IsArmed) watch.Arm(AnswerTimeout);
        Held.Add(command);
    }

    /// <summary>Commands that are held.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlySequence<byte> commands)
    {
        receivedBytes += commands.Length;
        try
        {
            await replica!.Connection.Output.WriteSequenceAsync(commands);
        }
        catch (ConnectionBrokenException)
        {
            // The reading side finds out, and asks the primary.
        }
    }

    /// <summary>One reply has ended.</summary>
    private void Took(in RespReply reply, long now)
    {
        (replyEnded, replyIsError) = (true, reply.IsError);
        if (withheld) return;
        HasBegun = false;
        HasAnswered = true;
        Held.TakeFirst();
        spread.ReplicaAnswered(reply, now);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask CarryAsync(ReadResult read)
    {
        var buffer = read.Buffer;
        IsBusy = true;
        long now = movedAt = loop.Time.GetTimestamp();
        long at = keptBytes, from = 0, begin = 0;
        spread.BeginReplies(replica!.Parties);
        while (at < buffer.Length && IsReady)
        {
            if (!replies.InReply)
            {
                begin = at;
                if (!TryBegin(buffer.Slice(at).FirstSpan[0])) break;
            }
            if (!TryRead(buffer, ref at, now)) break;
            if (!replyEnded || !withheld) continue;
            await PassAsync(buffer, from, begin, now);
            from = at;
            await DecideAsync(buffer.Slice(begin, at - begin));
            begin = at;
        }
        bool holdsBack = !IsReady || (replies.InReply && withheld);
        long to = holdsBack ? begin : at;
        await PassAsync(buffer, from, to, now);
        if (IsReady && replies.InReply && !withheld) HasBegun = true;
        keptBytes = at - to;
        if (keptBytes > MaxWithheld) Leave(ReplicaReplies.Unexpected);
        replica.Connection.Input.AdvanceTo(buffer.GetPosition(to), buffer.End);
        if (read.IsCompleted) IsReady = false;
        IsBusy = false;
        spread.Changed();
    }

    /// <returns>False: nobody waits for a reply.</returns>
    private bool TryBegin(byte first)
    {
        withheld = swallows > 0 || first is (byte)'-' or (byte)'!' or (byte)'|' or (byte)'>';
        if (swallows > 0 || Held.Count > 0) return true;
        Leave(ReplicaReplies.Unexpected);
        return false;
    }

    private bool TryRead(in ReadOnlySequence<byte> buffer, ref long at, long now)
    {
        replyEnded = false;
        var sink = new Sink(this, now);
        var progress = replies.Read(buffer.Slice(at).FirstSpan, ref sink, out int used);
        at += used;
        if (progress != RespProgress.Unintelligible) return true;
        Leave(ReplicaReplies.Unexpected);
        return false;
    }

    /// <summary>A reply was read whole that does not go to the client.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask DecideAsync(ReadOnlySequence<byte> reply)
    {
        if (swallows > 0)
        {
            swallows--;
            if (replyIsError) Leave("state");
            return;
        }
        string why = ReplicaReplies.ReasonOf(reply);
        if (why != ReplicaReplies.OfTheCommand) Leave(why);
        else if (!await spread.AskPrimaryAsync(this, why)) IsReady = false;
        else spread.BeginReplies(replica!.Parties);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask PassAsync(ReadOnlySequence<byte> buffer, long from, long to, long now)
    {
        spread.EndReplies(now);
        if (to == from) return;
        sentBytes += to - from;
        await spread.ToClientAsync(buffer.Slice(from, to - from));
    }

    private void Leave(string why)
    {
        reason = why;
        IsReady = false;
    }

    private void Look()
    {
        if (Held.Count == 0) return;
        var left = AnswerTimeout - loop.Time.GetElapsedTime(movedAt);
        // While a client takes its time, or the primary, the replica is not to blame; in the middle of an answer only its end helps.
        if (IsBusy || HasBegun) left = AnswerTimeout;
        if (left > TimeSpan.Zero)
        {
            watch.Arm(left);
            return;
        }
        reason = "timeout";
        Abort();
    }

    private readonly struct Sink(ReplicaLink link, long now) : IRespReplySink
    {
        public bool WantsWords => false;

        public bool Reply(in RespReply reply)
        {
            link.Took(reply, now);
            return false;
        }
    }
}
