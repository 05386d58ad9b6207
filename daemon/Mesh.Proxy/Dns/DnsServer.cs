using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>The resolver that a captured workload reaches instead of its own: the mesh's names from memory, all others from the servers the workload
/// used before, SERVFAIL when those do not answer. All its work is on one loop.</summary>
public sealed class DnsServer : IDisposable
{
    private const int AddressNotAvailable = 99; // EADDRNOTAVAIL
    private const int FamilyNotSupported = 97; // EAFNOSUPPORT

    private readonly DnsOptions options;
    private readonly Loop loop;
    private readonly DnsAnswerer answerer;
    private readonly UdpForwarder udp;
    private readonly TcpForwarder tcp;
    private readonly List<IDisposable> listeners = [];
    private readonly HashSet<Connection> connections = [];
    private bool isDisposed;

    private DnsServer(DnsOptions options, SocketFactory sockets, Loop loop, INameResolver names, Random random)
    {
        (this.options, this.loop) = (options, loop);
        answerer = new(options, names);
        udp = new(options, sockets, loop, random);
        tcp = new(options, sockets, loop, random);
    }

    /// <summary>Opens the listeners; on any thread.</summary>
    /// <param name="sockets">Of the workload's namespace.</param>
    /// <param name="random">Used on the loop only.</param>
    /// <exception cref="IOException">An address cannot be bound; nothing is left open.</exception>
    public static DnsServer Start(DnsOptions options, SocketFactory sockets, Loop loop, INameResolver names, Random random)
    {
        var server = new DnsServer(options, sockets, loop, names, random);
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
        Span<byte> answer = stackalloc byte[DnsAnswerWriter.MaxLength];
        switch (answerer.Decide(query, answer, out var question, out int length))
        {
            case DnsAnswerer.Decision.Answered:
                socket.Send(answer[..length], client);
                break;
            case DnsAnswerer.Decision.Forward:
                udp.Forward(query, question, socket, client);
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
        var idle = new LoopTimer(loop.Timers, static state => ((Connection)state!).Abort(), client);
        try
        {
            while (true)
            {
                idle.Arm(options.IdleTimeout);
                if (await DnsStream.ReadAsync(client.Input, DnsWire.MaxQueryLength) is not { } query) break;
                idle.Cancel();
                if (await AnswerAsync(client, query) is not { } answer) break;
                await DnsStream.WriteAsync(client.Output, answer);
            }
            await client.Output.CompleteAsync();
        }
        catch (ConnectionBrokenException)
        {
            // The client left.
        }
        finally
        {
            idle.Cancel();
            connections.Remove(client);
            await client.DisposeAsync();
        }
    }

    /// <summary>Null when there is nothing to say.</summary>
    private async ValueTask<byte[]?> AnswerAsync(Connection client, byte[] query)
    {
        var answer = new byte[DnsAnswerWriter.MaxLength];
        switch (answerer.Decide(query, answer, out var question, out int length))
        {
            case DnsAnswerer.Decision.Answered:
                return answer[..length];
            case DnsAnswerer.Decision.Forward:
                var forwarded = await tcp.AskAsync(query, question, OriginalServer(client));
                return forwarded ?? answer[..DnsAnswerer.Fail(query, question, DnsCode.ServerFailure, answer)];
            default:
                return null;
        }
    }

    /// <summary>A client that called the listener's own port was not redirected: asking "its" server would be asking ourselves.</summary>
    private static IpPort? OriginalServer(Connection client) =>
        client.TryGetOriginalDestination(out var server) && server != client.LocalAddress && !server.Address.IsLoopback ? server : null;

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
    }
}
