using System.Buffers;
using System.Buffers.Binary;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Asks the workload's previous resolvers over UDP, one after the other, and gives their answer back unchanged but for the id.
/// An answer counts only if it comes from the server that was asked, with our random id and the same question. Lives on one loop.</summary>
internal sealed class UdpForwarder(DnsOptions options, SocketFactory sockets, Loop loop, Random random) : IDisposable
{
    private readonly Dictionary<bool, UpstreamSocket> current = []; // by whether it is IPv4
    private readonly HashSet<PendingQuery> pending = [];

    internal int PendingCount => pending.Count;

    private Loop Loop => loop;

    /// <summary>Always ends in an answer, at the latest after the servers' timeouts.</summary>
    internal void Forward(ReadOnlySpan<byte> query, in DnsQuestion question, DatagramSocket listener, IpPort client)
    {
        var copy = ArrayPool<byte>.Shared.Rent(query.Length);
        query.CopyTo(copy);
        var asked = new PendingQuery(this, copy, query.Length, question, listener, client);
        bool isFull = pending.Count >= options.MaxPending;
        pending.Add(asked);
        if (isFull) Fail(asked);
        else AskNext(asked);
    }

    private void AskNext(PendingQuery asked)
    {
        asked.LeaveSocket();
        while (++asked.ServerIndex < options.Resolvers.Count)
        {
            var server = options.Resolvers[asked.ServerIndex];
            if (SocketFor(server) is not { } socket) continue;
            socket.Ask(asked, server, random);
            asked.Timer.Arm(options.ServerTimeout);
            return;
        }
        Fail(asked);
    }

    /// <summary>Null when the namespace has no such address family.</summary>
    private UpstreamSocket? SocketFor(IpPort server)
    {
        bool isV4 = server.Address.IsV4;
        if (current.TryGetValue(isV4, out var socket) && !socket.IsSpent) return socket;
        socket?.Retire();
        current.Remove(isV4);
        try
        {
            return current[isV4] = new UpstreamSocket(sockets, loop, isV4, options.Mark, Answered);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Answered(PendingQuery asked, ReadOnlySpan<byte> answer)
    {
        var code = (DnsCode)(answer[3] & 0xf);
        bool isRefusal = code is DnsCode.ServerFailure or DnsCode.NotImplemented or DnsCode.Refused;
        if (isRefusal && asked.ServerIndex + 1 < options.Resolvers.Count)
        {
            AskNext(asked);
            return;
        }
        var copy = ArrayPool<byte>.Shared.Rent(answer.Length);
        answer.CopyTo(copy);
        BinaryPrimitives.WriteUInt16BigEndian(copy, asked.Question.Id);
        Finish(asked, copy.AsSpan(0, answer.Length));
        ArrayPool<byte>.Shared.Return(copy);
    }

    private void Fail(PendingQuery asked)
    {
        Span<byte> answer = stackalloc byte[DnsAnswerWriter.MaxLength];
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
        foreach (var socket in current.Values) socket.Retire();
        current.Clear();
    }

    /// <summary>A question under way.</summary>
    internal sealed class PendingQuery
    {
        private readonly int length;

        internal PendingQuery(UdpForwarder owner, byte[] buffer, int length, in DnsQuestion question, DatagramSocket listener, IpPort client)
        {
            (Buffer, this.length, Question, Listener, Client) = (buffer, length, question, listener, client);
            Timer = new(owner.Loop.Timers, state => owner.AskNext((PendingQuery)state!), this);
        }

        internal byte[] Buffer { get; }
        internal Span<byte> Query => Buffer.AsSpan(0, length);
        internal DnsQuestion Question { get; }
        internal DatagramSocket Listener { get; }
        internal IpPort Client { get; }
        internal LoopTimer Timer { get; }
        internal int ServerIndex { get; set; } = -1;
        internal UpstreamSocket? Socket { get; set; }
        internal ushort UpstreamId { get; set; }

        internal void LeaveSocket()
        {
            Socket?.Forget(this);
            Socket = null;
        }
    }
}
