using System.Buffers;
using System.Buffers.Binary;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>A UDP socket towards one resolver, from which alone it hears. It is replaced after a few questions, so that a forger must guess its port
/// as well as the id (RFC 5452); a socket of its own for each question would cost more than the question.</summary>
internal sealed class UpstreamSocket
{
    private const int QuestionsPerSocket = 16;

    private readonly Dictionary<ushort, PendingQuery> asked = [];
    private readonly Action<PendingQuery, ReadOnlySpan<byte>> answered;
    private readonly Action<PendingQuery> refused;
    private readonly IpPort server;
    private readonly DatagramSocket socket;
    private int count;
    private bool isRetired;

    /// <exception cref="IOException">No socket of this family in that namespace, or no way to the server.</exception>
    internal UpstreamSocket(SocketFactory sockets, Loop loop, IpPort server, int mark, Action<PendingQuery, ReadOnlySpan<byte>> answered, Action<PendingQuery> refused)
    {
        (this.server, this.answered, this.refused) = (server, answered, refused);
        socket = sockets.Bind(new(server.Address.IsV4 ? Ip.AnyV4 : Ip.AnyV6, 0), loop, OnDatagram, mark, server);
        socket.Unreachable = OnUnreachable;
    }

    /// <summary>Takes no more questions.</summary>
    internal bool IsSpent => count >= QuestionsPerSocket || isRetired;

    internal void Ask(PendingQuery query, Random random)
    {
        count++;
        ushort id;
        do id = (ushort)random.Next(ushort.MaxValue + 1);
        while (asked.ContainsKey(id));
        asked[id] = query;
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
        if (sender != server || datagram.Length < DnsWire.HeaderLength) return;
        ushort id = BinaryPrimitives.ReadUInt16BigEndian(datagram);
        if (asked.TryGetValue(id, out var query) && DnsQuestion.IsAnswer(datagram, query.Question with { Id = id })) answered(query, datagram);
    }

    /// <summary>Nobody listens there: those who asked need not wait.</summary>
    private void OnUnreachable()
    {
        isRetired = true;
        foreach (var query in asked.Values.ToArray()) refused(query);
    }
}
