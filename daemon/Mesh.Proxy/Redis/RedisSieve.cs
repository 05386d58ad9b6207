using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Proxy.Redis.Spreading;

namespace Mesh.Proxy.Redis;

/// <summary>Forwards what the policy allows and nothing of what it denies; the client gets the denial as an error where the reply would have been.
/// A transaction of which something was denied is discarded. Of a command that cannot be judged yet nothing is forwarded; it is held in the
/// receive buffer, up to a limit. Of what is allowed, reads may go to a replica. Both methods run on one loop, one call of each at a time.</summary>
/// <param name="spread">Null where no reads go elsewhere.</param>
internal sealed class RedisSieve(
    RedisRelay relay, RespRequestParser requests, RespReplyScanner replies, RedisConversation conversation, CommandJudge judge, CommandWatch watch, RedisSpread? spread)
{
    /// <summary>Bytes of one command before the last of its keys. More is denied: it would have to be kept for every connection that sends it.</summary>
    public const int MaxUndecided = 1 << 20;

    private const string Abandoned = "EXECABORT Transaction discarded because of previous errors.";

    private readonly Loop loop = relay.Client.Loop;
    private long held;        // bytes at the start of the buffer that were read already
    private bool dropping;    // of the reply that is being read
    private long denied;
    private bool isLost;      // the client's bytes are not the protocol
    private long elsewhere;   // bytes for the replica

    /// <summary>Nothing is asked about or goes elsewhere any more, and nothing is owed: bytes can pass as they are.</summary>
    private bool IsNeedless => spread is { IsOver: true, ReplicaIsIdle: true } && !judge.IsAsked && denied == 0 && held == 0;

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask UpAsync(ReadResult read)
    {
        var buffer = read.Buffer;
        var output = relay.Upstream.Output;
        long at = held, from = 0, start = 0;
        watch.Now = loop.Time.GetTimestamp();
        spread?.Refresh();
        while (at < buffer.Length && !isLost)
        {
            if (!requests.InCommand)
            {
                start = at;
                judge.Reset();
            }
            long before = at;
            bool ended = TryReadCommand(buffer, ref at);
            if (requests.BegunAt >= 0) start = before + requests.BegunAt;
            if (!ended || Takes(buffer, start, at)) continue;
            await ForwardAsync(buffer, from, start);
            from = start;
            if (output.UnflushedBytes > 0) await output.FlushAsync();
            if (spread is not null) await spread.UseAsync(judge.ToReplica, at - start, judge.Question);
            if (judge.Verdict == CommandVerdict.Allowed)
            {
                spread!.Take(buffer, start, at);
                continue;
            }
            from = at;
            Refuse(output);
        }
        long keep = at;
        if (requests.InCommand && !isLost && judge.Verdict != CommandVerdict.Allowed)
        {
            judge.StopWaiting(at - start);
            if (judge.Verdict == CommandVerdict.Undecided && at - start > MaxUndecided) judge.Deny($"its keys come too late to be judged (after {MaxUndecided} bytes)");
            await ForwardAsync(buffer, from, start);
            bool undecided = judge.Verdict == CommandVerdict.Undecided;
            from = judge.Verdict == CommandVerdict.Allowed || (undecided && read.IsCompleted && !judge.IsAsked) ? start : at;
            if (undecided && !read.IsCompleted) keep = start;
        }
        if (spread is not null && (read.IsCompleted || isLost || (requests.InCommand && keep == at)))
        {
            // What is no whole command, or comes after the last, is for the primary.
            start = requests.InCommand || isLost ? Math.Max(start, from) : at;
            await ForwardAsync(buffer, from, start);
            await spread.UseAsync(replica: false, 0, null);
            from = start;
        }
        await ForwardAsync(buffer, from, at);
        if (output.UnflushedBytes > 0) await output.FlushAsync();
        held = at - keep;
        relay.Count(up: true, keep - elsewhere);
        elsewhere = 0;
        relay.Client.Input.AdvanceTo(buffer.GetPosition(keep), buffer.End);
        if (conversation.OwesAnswer) throw relay.Refuse(RedisFailures.NoPlace);
        // The other direction writes to the client; it waits for the server and must look at what we owe.
        if (conversation.IsDeniedNext) relay.Upstream.Input.CancelPendingRead();
        if (isLost || IsNeedless) relay.PassOn();
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask DownAsync(ReadResult read)
    {
        if (spread is not null) await spread.BeginPrimaryAsync();
        var buffer = read.Buffer;
        var output = relay.Client.Output;
        long at = 0, from = 0;
        long now = loop.Time.GetTimestamp();
        while (true)
        {
            if (!replies.InReply && conversation.IsDeniedNext)
            {
                await AnswerAsync(buffer, from, at);
                from = at;
                while (conversation.IsDeniedNext) WriteError(output, conversation.TakeDenied());
            }
            if (at == buffer.Length) break;
            if (!replies.InReply)
            {
                bool drops = conversation.IsReplacedNext && buffer.Slice(at).FirstSpan[0] != (byte)'>';
                if (drops) await AnswerAsync(buffer, from, at);
                if (drops) from = at;
                dropping = drops;
            }
            at = ReadReplies(buffer, at, now);
            if (dropping) from = at;
        }
        conversation.Flush(now);
        await AnswerAsync(buffer, from, at);
        if (output.UnflushedBytes > 0) await output.FlushAsync();
        relay.Count(up: false, at);
        relay.Upstream.Input.AdvanceTo(buffer.End);
        spread?.EndPrimary(read.IsCompleted);
        if (conversation.OwesAnswer) throw relay.Refuse(RedisFailures.NoPlace);
    }

    /// <returns>Whether a command has ended.</returns>
    private bool TryReadCommand(in ReadOnlySequence<byte> buffer, ref long at)
    {
        var sink = new CommandJudge.Sink(judge);
        var progress = requests.Read(buffer.Slice(at).FirstSpan, ref sink, out int used);
        at += used;
        return progress switch
        {
            RespProgress.Unintelligible when judge.IsAsked => throw relay.Refuse(RedisFailures.Unintelligible),
            RespProgress.Unintelligible => PassUnread(buffer, ref at),
            _ => progress == RespProgress.Stopped,
        };
    }

    /// <summary>It is not the protocol, and nobody asks: it passes.</summary>
    private bool PassUnread(in ReadOnlySequence<byte> buffer, ref long at)
    {
        (at, isLost) = (buffer.Length, true);
        relay.LoseRequests();
        spread?.End();
        return false;
    }

    private long ReadReplies(in ReadOnlySequence<byte> buffer, long at, long now)
    {
        if (conversation.Lost is not null) return buffer.Length;
        var sink = new ReplyWatch(conversation, spread, now, stops: true);
        var progress = replies.Read(buffer.Slice(at).FirstSpan, ref sink, out int used);
        if (progress == RespProgress.Unintelligible) conversation.Lose("reply");
        return at + used;
    }

    /// <returns>Whether the command that has just ended goes on with those before it.</returns>
    private bool Takes(in ReadOnlySequence<byte> buffer, long start, long end) =>
        judge.Verdict == CommandVerdict.Allowed && (spread is null || spread.TryTake(judge.ToReplica, buffer, start, end));

    /// <summary>The command that has just ended is not forwarded.</summary>
    private void Refuse(PipeWriter output)
    {
        denied++;
        if (judge.Verdict == CommandVerdict.Abandoned)
        {
            spread?.SentToPrimary();
            output.Write("*1\r\n$7\r\nDISCARD\r\n"u8);
            conversation.Replaced(watch.Command, Abandoned, watch.Now);
            return;
        }
        relay.Refusal = RedisFailures.Denied(denied, judge.Command, judge.Reason);
        conversation.Denied(watch.Command, $"NOPERM {judge.Reason}", watch.Now);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask ForwardAsync(ReadOnlySequence<byte> buffer, long from, long to)
    {
        if (to <= from) return;
        if (spread is { OnReplica: true })
        {
            elsewhere += to - from;
            await spread.SendToReplicaAsync(buffer.Slice(from, to - from));
            return;
        }
        await relay.Upstream.Output.WriteSequenceAsync(buffer.Slice(from, to - from));
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask AnswerAsync(ReadOnlySequence<byte> buffer, long from, long to)
    {
        if (to > from) await relay.Client.Output.WriteSequenceAsync(buffer.Slice(from, to - from));
    }

    private static void WriteError(PipeWriter output, string text)
    {
        const int longest = 512;
        var room = output.GetSpan(longest + 3);
        room[0] = (byte)'-';
        int length = 1 + Encoding.ASCII.GetBytes(text.AsSpan(0, Math.Min(text.Length, longest)), room[1..]);
        "\r\n"u8.CopyTo(room[length..]);
        output.Advance(length + 2);
    }
}
