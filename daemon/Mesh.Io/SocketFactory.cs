namespace Mesh.Io;

/// <summary>Makes sockets in one network namespace. Proxy code is the same on a host, in a workload's namespace and in a simulation;
/// only the factory differs. Thread-safe.</summary>
public abstract class SocketFactory
{
    /// <summary>Starts listening; the IPv6 wildcard means both families, as far as there are both. Connections arrive on one of the loops, chosen by the kernel, through the callback on that loop.</summary>
    /// <exception cref="IOException">The address is taken or not of this namespace.</exception>
    public abstract Listener Listen(IpPort address, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted);

    /// <summary>Must be called on the loop. The result lives there.</summary>
    /// <exception cref="ConnectionBrokenException">Refused, unreachable, or not connected within the timeout.</exception>
    public abstract ValueTask<Connection> ConnectAsync(Loop loop, IpPort remote, ConnectOptions options);

    /// <summary>Binds a UDP socket. Datagrams arrive through the callback on the loop; the memory is valid until it returns.</summary>
    /// <param name="mark">SO_MARK of what the socket sends; 0 for none.</param>
    /// <param name="peer">The only one it hears from, and whose absence it notices; null for anybody.</param>
    /// <exception cref="IOException">The address is taken or not of this namespace, or there is no way to the peer.</exception>
    public abstract DatagramSocket Bind(IpPort address, Loop loop, DatagramReceived received, int mark = 0, IpPort? peer = null);
}

public delegate void DatagramReceived(DatagramSocket socket, ReadOnlySpan<byte> datagram, IpPort from);

/// <param name="Transparent">IP_TRANSPARENT: accept connections for addresses that are not local.</param>
public sealed record ListenOptions(int Backlog = 4096, bool Transparent = false)
{
    public static readonly ListenOptions Default = new();
}

/// <param name="Timeout">For the TCP handshake.</param>
/// <param name="Source">Bind to this address first, port 0 for any; with an address that is not local the bind is transparent.</param>
/// <param name="Mark">SO_MARK, so that redirection rules skip the daemon's own packets; 0 for none.</param>
public readonly record struct ConnectOptions(TimeSpan Timeout, IpPort? Source = null, int Mark = 0);

/// <summary>One logical listener (a socket per loop). Port 0 is resolved in <see cref="Address"/>.</summary>
public abstract class Listener : IDisposable
{
    public abstract IpPort Address { get; }

    /// <summary>Stops accepting. Connections already accepted live on.</summary>
    public abstract void Dispose();
}

public abstract class DatagramSocket : IDisposable
{
    public abstract IpPort Address { get; }

    /// <summary>Best effort: a datagram that does not fit the socket's buffer is dropped, as the network may do. On its loop only.</summary>
    public abstract void Send(ReadOnlySpan<byte> datagram, IpPort to);

    /// <summary>Called on the loop when the network says that nobody listens at the peer.</summary>
    public Action? Unreachable { get; set; }

    /// <summary>What a redirected datagram from this sender was meant for. On its loop only.</summary>
    public virtual bool TryGetOriginalDestination(IpPort from, out IpPort destination)
    {
        destination = default;
        return false;
    }

    public abstract void Dispose();
}
