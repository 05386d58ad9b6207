using System.Buffers;
using Mesh.Io;
using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Dns;

/// <summary>The resolver that a captured workload reaches instead of its own: the mesh's names from memory, all others from the servers the workload
/// used before, SERVFAIL when those do not answer. All its work is on one loop.</summary>
public sealed class DnsServer : IDisposable
{
    private const int AddressNotAvailable = 99; // EADDRNOTAVAIL
    private const int FamilyNotSupported = 97; // EAFNOSUPPORT

    private readonly DnsOptions options;
    private readonly Loop loop;
    private readonly ResolverOrder order;
    private readonly DnsAnswerer answerer;
    private readonly DnsCache cache;
    private readonly DnsMetrics metrics;
    private readonly UdpForwarder udp;
    private readonly TcpForwarder tcp;
    private readonly List<IDisposable> listeners = [];
    private readonly HashSet<Connection> connections = [];
    private bool isDisposed;

    private DnsServer(DnsOptions options, SocketFactory sockets, Loop loop, SnapshotHolder snapshots, DnsMetrics metrics, Random random)
    {
        (this.options, this.loop, this.metrics) = (options, loop, metrics);
        order = new(options, loop.Time);
        answerer = new(options, snapshots, random);
        cache = new(options, loop.Time, metrics);
        tcp = new(options, sockets, loop, random, order);
        udp = new(options, sockets, loop, random, order, tcp, cache, metrics);
    }

    /// <summary>Opens the listeners; on any thread.</summary>
    /// <param name="sockets">Of the workload's namespace.</param>
    /// <param name="metrics">Of the loop's shard.</param>
    /// <param name="random">Not predictable (RFC 5452 section 9.2). Used on the loop only.</param>
    /// <exception cref="IOException">An address cannot be bound; nothing is left open.</exception>
    public static DnsServer Start(DnsOptions options, SocketFactory sockets, Loop loop, SnapshotHolder snapshots, DnsMetrics metrics, Random random)
    {
        var server = new DnsServer(options, sockets, loop, snapshots, metrics, random);
        try
        {
            foreach (var address in options.Listen) server.Listen(sockets, address);
        }
        catch
        {
            server.Dispose();
            throw;
        }
        return server;
    }

    /// <summary>Bound addresses: port 0 is resolved.</summary>
    public IReadOnlyList<IpPort> UdpAddresses => listeners.OfType<DatagramSocket>().Select(static socket => socket.Address).ToList();

    public IReadOnlyList<IpPort> TcpAddresses => listeners.OfType<Listener>().Select(static listener => listener.Address).ToList();

    /// <summary>Other resolvers and search domains from now on; on any thread. What former resolvers said is forgotten.</summary>
    public void Use(IReadOnlyList<IpPort> resolvers, IReadOnlyList<string> searchDomains) => loop.Post(static state =>
    {
        var (server, resolvers, searchDomains) = ((DnsServer, IReadOnlyList<IpPort>, IReadOnlyList<string>))state!;
        server.answerer.UseSearchDomains(searchDomains);
        if (resolvers.SequenceEqual(server.order.Known)) return;
        server.order.Known = resolvers;
        server.cache.Clear();
    }, (this, resolvers, searchDomains));

    private void Listen(SocketFactory sockets, IpPort address)
    {
        try
        {
            listeners.Add(sockets.Bind(address, loop, OnDatagram));
        }
        catch (IOException error) when (!address.Address.IsV4 && error.HResult is AddressNotAvailable or FamilyNotSupported)
        {
            return; // no IPv6 in this namespace, so nobody asks over it
        }
        listeners.Add(sockets.Listen(address, [loop], ListenOptions.Default, connection => _ = ServeAsync(connection)));
    }

    private void OnDatagram(DatagramSocket socket, ReadOnlySpan<byte> query, IpPort client)
    {
        Span<byte> answer = stackalloc byte[DnsWire.MaxUdpLength];
        switch (answerer.Decide(query, answer, isStream: false, out var question, out int length))
        {
            case DnsAnswerer.Decision.Answered:
                metrics.FromMesh();
                socket.Send(answer[..length], client);
                break;
            case DnsAnswerer.Decision.Forward:
                IpPort? server = socket.TryGetOriginalDestination(client, out var asked) && IsForeign(asked, socket.Address) ? asked : null;
                if (cache.TryAnswer(new(question, server), query, question, answer, question.Edns.UdpLimit, out length)) socket.Send(answer[..length], client);
                else udp.Forward(query, question, socket, client, server);
                break;
        }
    }

    private async Task ServeAsync(Connection client)
    {
        if (isDisposed || connections.Count >= options.MaxConnections)
        {
            client.Abort();
            await client.DisposeAsync();
            return;
        }
        connections.Add(client);
        await new DnsStreamClient(client, options, query => AnswerAsync(client, query)).RunAsync();
        connections.Remove(client);
        await client.DisposeAsync();
    }

    /// <summary>Null when there is nothing to say.</summary>
    private async ValueTask<byte[]?> AnswerAsync(Connection client, byte[] query)
    {
        IpPort? server = client.TryGetOriginalDestination(out var asked) && IsForeign(asked, client.LocalAddress) ? asked : null;
        var decision = Decide(query, server, out var question, out byte[]? answer);
        if (decision != DnsAnswerer.Decision.Forward || answer is not null) return answer;
        if (await tcp.AskAsync(query, question, server) is not { } forwarded)
        {
            metrics.Unanswered();
            return Failure(query, question);
        }
        metrics.FromResolver();
        cache.Store(new(question, server), question, forwarded);
        return forwarded;
    }

    /// <param name="answer">Over TCP, from the mesh or from memory; null when there is none.</param>
    private DnsAnswerer.Decision Decide(byte[] query, IpPort? server, out DnsQuestion question, out byte[]? answer)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DnsStream.MaxMessageLength);
        var room = buffer.AsSpan(0, DnsStream.MaxMessageLength);
        var decision = answerer.Decide(query, room, isStream: true, out question, out int length);
        if (decision == DnsAnswerer.Decision.Answered) metrics.FromMesh();
        else if (decision == DnsAnswerer.Decision.Forward) cache.TryAnswer(new(question, server), query, question, room, DnsStream.MaxMessageLength, out length);
        answer = length > 0 ? room[..length].ToArray() : null;
        ArrayPool<byte>.Shared.Return(buffer);
        return decision;
    }

    private static byte[] Failure(byte[] query, in DnsQuestion question)
    {
        Span<byte> answer = stackalloc byte[DnsWire.MaxUdpLength];
        return answer[..DnsAnswerer.Fail(query, question, DnsCode.ServerFailure, answer)].ToArray();
    }

    /// <summary>A client that called the listener's own port was not redirected: asking "its" server would be asking ourselves.</summary>
    private static bool IsForeign(IpPort server, IpPort listener) => server != listener && !server.Address.IsLoopback;

    /// <summary>Closes everything; questions under way get no answer. On any thread.</summary>
    public void Dispose()
    {
        foreach (var listener in listeners) listener.Dispose();
        if (loop.IsCurrent) Close(this);
        else loop.Post(Close, this);
    }

    private static void Close(object? state)
    {
        var server = (DnsServer)state!;
        server.isDisposed = true;
        foreach (var connection in server.connections.ToArray()) connection.Abort();
        server.udp.Dispose();
        server.metrics.Remove();
    }
}
