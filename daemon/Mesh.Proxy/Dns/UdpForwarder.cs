using System.Buffers;
using System.Buffers.Binary;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Asks resolvers over UDP, one after the other, and gives their answer back unchanged but for the id; one that was cut is asked for again
/// over TCP. An answer counts only if it comes from the server that was asked, with our random id and the same question. Lives on one loop.</summary>
internal sealed class UdpForwarder(
    DnsOptions options, SocketFactory sockets, Loop loop, Random random, ResolverOrder order, TcpForwarder tcp, DnsCache cache, DnsMetrics metrics) : IDisposable
{
    private const int MaxSockets = 8; // of servers asked lately; a workload can ask any

    private readonly Dictionary<IpPort, UpstreamSocket> current = [];
    private readonly HashSet<PendingQuery> pending = [];

    internal int PendingCount => pending.Count;

    /// <summary>Always ends in an answer, at the latest after the servers' timeouts.</summary>
    /// <param name="preferred">The server that the client itself tried to reach, if the kernel knows.</param>
    internal void Forward(ReadOnlySpan<byte> query, in DnsQuestion question, DatagramSocket listener, IpPort client, IpPort? preferred)
    {
        var copy = ArrayPool<byte>.Shared.Rent(query.Length);
        query.CopyTo(copy);
        var asked = new PendingQuery(copy, query.Length, question, listener, client, order.For(preferred)) { CacheKey = new(question, preferred) };
        asked.Timer = new(loop.Timers, static state => ((Action)state!)(), () => Next(asked));
        bool isFull = pending.Count >= options.MaxPending;
        pending.Add(asked);
        if (isFull) Fail(asked);
        else AskNext(asked);
    }

    /// <summary>The server that was asked is silent.</summary>
    private void Next(PendingQuery asked)
    {
        order.WasSilent(asked.Servers[asked.ServerIndex]);
        AskNext(asked);
    }

    private void AskNext(PendingQuery asked)
    {
        asked.LeaveSocket();
        while (++asked.ServerIndex < asked.Servers.Count)
        {
            if (SocketFor(asked.Servers[asked.ServerIndex]) is not { } socket) continue;
            asked.Timer.Arm(options.ServerTimeout);
            socket.Ask(asked, random);
            return;
        }
        Fail(asked);
    }

    /// <summary>Null when the namespace has no such address family or no way there.</summary>
    private UpstreamSocket? SocketFor(IpPort server)
    {
        if (current.TryGetValue(server, out var socket) && !socket.IsSpent) return socket;
        if (socket is not null || current.Count >= MaxSockets) Retire();
        try
        {
            return current[server] = new UpstreamSocket(sockets, loop, server, options.Mark, Answered, Next);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Retire()
    {
        foreach (var socket in current.Values) socket.Retire();
        current.Clear();
    }

    private void Answered(PendingQuery asked, ReadOnlySpan<byte> answer)
    {
        var server = asked.Servers[asked.ServerIndex];
        order.Answered(server);
        var code = (DnsCode)(answer[3] & 0xf);
        bool isRefusal = code is DnsCode.ServerFailure or DnsCode.NotImplemented or DnsCode.Refused;
        if (isRefusal && asked.ServerIndex + 1 < asked.Servers.Count)
        {
            AskNext(asked);
            return;
        }
        bool isCut = (answer[2] & DnsWire.FlagTruncated >> 8) != 0;
        if (isCut) _ = AskOverTcpAsync(asked, server, answer.ToArray());
        else Succeed(asked, answer);
    }

    /// <summary>The whole answer, which a later question may be told; the cut one when it does not come.</summary>
    private async Task AskOverTcpAsync(PendingQuery asked, IpPort server, byte[] cut)
    {
        asked.LeaveSocket();
        asked.Timer.Cancel();
        var whole = await tcp.AskOneAsync(asked.QueryMemory, asked.Question, server);
        if (pending.Contains(asked)) Succeed(asked, whole ?? cut);
    }

    private void Succeed(PendingQuery asked, ReadOnlySpan<byte> answer)
    {
        metrics.FromResolver();
        cache.Store(asked.CacheKey, asked.Question, answer);
        var copy = ArrayPool<byte>.Shared.Rent(Math.Max(answer.Length, DnsWire.MaxUdpLength));
        answer.CopyTo(copy);
        BinaryPrimitives.WriteUInt16BigEndian(copy, asked.Question.Id);
        int length = answer.Length;
        if (length > Math.Max(asked.Question.Edns.PayloadLength, DnsWire.MinUdpLength))
        {
            length = DnsAnswerer.Fail(asked.Query, asked.Question, DnsCode.NoError, copy);
            copy[2] |= DnsWire.FlagTruncated >> 8;
        }
        Finish(asked, copy.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(copy);
    }

    private void Fail(PendingQuery asked)
    {
        metrics.Unanswered();
        Span<byte> answer = stackalloc byte[DnsWire.MaxUdpLength];
        int length = DnsAnswerer.Fail(asked.Query, asked.Question, DnsCode.ServerFailure, answer);
        Finish(asked, answer[..length]);
    }

    private void Finish(PendingQuery asked, ReadOnlySpan<byte> answer)
    {
        asked.Listener.Send(answer, asked.Client);
        Release(asked);
    }

    private void Release(PendingQuery asked)
    {
        asked.LeaveSocket();
        asked.Timer.Cancel();
        pending.Remove(asked);
        ArrayPool<byte>.Shared.Return(asked.Buffer);
    }

    public void Dispose()
    {
        foreach (var asked in pending.ToArray()) Release(asked);
        Retire();
    }
}
