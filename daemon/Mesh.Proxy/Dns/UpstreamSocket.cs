using System.Buffers;
using System.Buffers.Binary;
using Mesh.Io;
using static Mesh.Proxy.Dns.UdpForwarder;

namespace Mesh.Proxy.Dns;

/// <summary>A UDP socket towards resolvers. It is replaced after some questions, so that a forger must guess its port as well as the id (RFC 5452);
/// a socket of its own for each question would cost more than the question.</summary>
internal sealed class UpstreamSocket
{
    private const int QuestionsPerSocket = 256;

    private readonly Dictionary<ushort, (PendingQuery Asked, IpPort Server)> asked = [];
    private readonly Action<PendingQuery, ReadOnlySpan<byte>> answered;
    private readonly DatagramSocket socket;
    private int count;
    private bool isRetired;

    /// <exception cref="IOException">No socket of this family in that namespace.</exception>
    internal UpstreamSocket(SocketFactory sockets, Loop loop, bool isV4, int mark, Action<PendingQuery, ReadOnlySpan<byte>> answered)
    {
        this.answered = answered;
        socket = sockets.Bind(new(isV4 ? Ip.AnyV4 : Ip.AnyV6, 0), loop, OnDatagram, mark);
    }

    internal bool IsSpent => count >= QuestionsPerSocket;

    internal void Ask(PendingQuery query, IpPort server, Random random)
    {
        count++;
        ushort id;
        do id = (ushort)random.Next(ushort.MaxValue + 1);
        while (asked.ContainsKey(id));
        asked[id] = (query, server);
        (query.Socket, query.UpstreamId) = (this, id);
        var message = ArrayPool<byte>.Shared.Rent(query.Query.Length);
        query.Query.CopyTo(message);
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        socket.Send(message.AsSpan(0, query.Query.Length), server);
        ArrayPool<byte>.Shared.Return(message);
    }

    internal void Forget(PendingQuery query)
    {
        asked.Remove(query.UpstreamId);
        CloseIfDone();
    }

    /// <summary>Takes no more questions and closes after the last answer.</summary>
    internal void Retire()
    {
        isRetired = true;
        CloseIfDone();
    }

    private void CloseIfDone()
    {
        if (isRetired && asked.Count == 0) socket.Dispose();
    }

    private void OnDatagram(DatagramSocket from, ReadOnlySpan<byte> datagram, IpPort sender)
    {
        if (!DnsQuestion.TryReadAnswer(datagram, out var question)) return;
        if (!asked.TryGetValue(question.Id, out var entry) || entry.Server != sender || !question.IsSameQuestion(entry.Asked.Question)) return;
        answered(entry.Asked, datagram);
    }
}
