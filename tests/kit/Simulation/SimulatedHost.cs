using Mesh.Io;

namespace Mesh.Kit.Simulation;

/// <summary>One network namespace: an address, a machine that it is on, what listens in it, and whether its traffic is redirected.
/// The redirection belongs to the kernel: it outlives the daemon that serves it.</summary>
public sealed class SimulatedHost(string name, string machine, Ip address)
{
    private readonly Dictionary<ushort, SimulatedListener> listeners = [];
    private readonly Dictionary<ushort, SimulatedDatagramSocket> datagrams = [];
    private ushort nextPort = 40_000;

    public string Name => name;
    public string Machine => machine;
    public Ip Address => address;

    /// <summary>Outbound connections without the daemon's mark go to 15001, inbound ones to 15006, except to 15008.</summary>
    public bool IsEnrolled { get; set; }

    internal ushort EphemeralPort() => ++nextPort == ushort.MaxValue ? nextPort = 40_001 : nextPort;

    internal SimulatedListener? ListenerOn(ushort port) => listeners.GetValueOrDefault(port);

    /// <exception cref="IOException">The port is taken.</exception>
    internal void Add(SimulatedListener listener)
    {
        if (!listeners.TryAdd(listener.Address.Port, listener)) throw new IOException($"address {listener.Address} is already in use in {name}");
    }

    internal void Remove(SimulatedListener listener)
    {
        if (listeners.GetValueOrDefault(listener.Address.Port) == listener) listeners.Remove(listener.Address.Port);
    }

    internal SimulatedDatagramSocket? DatagramSocketOn(ushort port) => datagrams.GetValueOrDefault(port);

    /// <exception cref="IOException">The port is taken.</exception>
    internal void Add(SimulatedDatagramSocket socket)
    {
        if (!datagrams.TryAdd(socket.Address.Port, socket)) throw new IOException($"address {socket.Address} is already in use in {name}");
    }

    internal void Remove(SimulatedDatagramSocket socket)
    {
        if (datagrams.GetValueOrDefault(socket.Address.Port) == socket) datagrams.Remove(socket.Address.Port);
    }

    /// <summary>The process whose loop this is has ended: the kernel closes its sockets.</summary>
    internal void CloseOf(Loop loop)
    {
        foreach (var listener in listeners.Values.Where(listener => listener.Loops.Contains(loop)).ToList()) Remove(listener);
        foreach (var socket in datagrams.Values.Where(socket => socket.Loop == loop).ToList()) Remove(socket);
    }
}

internal sealed class SimulatedListener(SimulatedHost host, IpPort address, IReadOnlyList<Loop> loops, Action<Connection> accepted) : Listener
{
    public override IpPort Address => address;
    public IReadOnlyList<Loop> Loops => loops;

    public void Accept(Connection connection) => accepted(connection);

    public override void Dispose() => host.Remove(this);
}
