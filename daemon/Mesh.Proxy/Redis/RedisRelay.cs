using System.Buffers;
using System.IO.Pipelines;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Redis.Spreading;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Redis;

/// <summary>A Redis client's connection: bytes pass as they were received while the protocol is read beside them, for the metrics. Where a policy asks
/// about commands or reads may go to replicas, they pass a <see cref="RedisSieve"/>. What is not understood passes too, and is not looked at again; unless a policy asks, then
/// the connection ends.</summary>
internal sealed class RedisRelay : TcpRelay
{
    private readonly Loop loop;
    private readonly RedisGate? gate;
    private readonly RespRequestParser requests = new();
    private readonly RespReplyScanner replies = new();
    private readonly RedisConversation conversation;
    private readonly CommandWatch watch;
    private readonly RedisSpread? spread;
    private RedisSieve? sieve;
    private bool requestsLost;

    /// <param name="gate">Null where another node decides, or nobody.</param>
    /// <param name="idleTimeout">As of any connection.</param>
    /// <param name="replicas">Null where every command goes to the upstream.</param>
    public RedisRelay(
        ProxyContext context, Connection client, Connection upstream, TrafficParties parties, RedisGate? gate, TimeSpan idleTimeout = default, IReplicaSource? replicas = null)
        : base(client, upstream, idleTimeout)
    {
        (loop, this.gate) = (client.Loop, gate);
        conversation = new RedisConversation(context.Reporter, loop, parties);
        watch = new CommandWatch(conversation);
        if (replicas is null) return;
        spread = new RedisSpread(context, this, conversation, replicas, parties);
        sieve = MakeSieve();
    }

    /// <summary>Bytes pass as they are from here on, until a policy asks.</summary>
    internal void PassOn()
    {
        spread?.Close();
        sieve = null;
    }

    /// <summary>The client's bytes are not the protocol.</summary>
    internal void LoseRequests()
    {
        requestsLost = true;
        conversation.Lose("request");
    }

    /// <summary>Ends both connections for a reason of ours.</summary>
    internal void BreakOff(Failure failure)
    {
        Refusal ??= failure;
        Client.Abort();
        Upstream.Abort();
    }

    protected override bool PassesWhole(in ReadOnlySequence<byte> bytes, bool up)
    {
        if (up) Admit();
        if (sieve is not null) return false;
        long now = loop.Time.GetTimestamp();
        if (up) WatchRequests(bytes, now);
        else WatchReplies(bytes, now);
        return true;
    }

    protected override ValueTask SiftAsync(ReadResult read, bool up) => up ? sieve!.UpAsync(read) : sieve!.DownAsync(read);

    protected override void OnAborted() => spread?.Stop();

    protected override void OnEnd()
    {
        spread?.Stop();
        conversation.Flush(loop.Time.GetTimestamp());
        conversation.End();
    }

    /// <summary>Follows the configuration to where commands must be judged.</summary>
    private void Admit()
    {
        if (gate is null) return;
        gate.Refresh();
        if (!gate.IsNeeded || sieve is not null) return;
        if (requestsLost) throw Refuse(RedisFailures.Unintelligible);
        sieve = MakeSieve();
    }

    private RedisSieve MakeSieve()
    {
        var active = spread is { IsOver: true } ? null : spread;
        return new(this, requests, replies, conversation, new CommandJudge(gate, active, conversation, watch), watch, active);
    }

    private void WatchRequests(in ReadOnlySequence<byte> bytes, long now)
    {
        if (requestsLost || (gate is null && conversation.Lost is not null)) return;
        watch.Now = now;
        var sink = new CommandWatch.Sink(watch);
        foreach (var part in bytes)
        {
            if (requests.Read(part.Span, ref sink, out _) != RespProgress.Unintelligible) continue;
            LoseRequests();
            return;
        }
    }

    private void WatchReplies(in ReadOnlySequence<byte> bytes, long now)
    {
        if (conversation.Lost is not null) return;
        var sink = new ReplyWatch(conversation, null, now, stops: false);
        foreach (var part in bytes)
        {
            if (replies.Read(part.Span, ref sink, out _) != RespProgress.Unintelligible) continue;
            conversation.Lose("reply");
            break;
        }
        conversation.Flush(now);
    }
}
