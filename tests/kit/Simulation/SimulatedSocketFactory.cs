using Mesh.Io;

namespace Mesh.Kit.Simulation;

/// <summary>Sockets in one simulated namespace. Port 0 and datagrams work as on a real host.</summary>
public sealed class SimulatedSocketFactory(SimulatedNetwork network, SimulatedHost host) : SocketFactory
{
    public override Listener Listen(IpPort address, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted)
    {
        var bound = new IpPort(address.Address.IsAny ? host.Address : address.Address, address.Port == 0 ? host.EphemeralPort() : address.Port);
        var listener = new SimulatedListener(host, bound, loops, accepted);
        host.Add(listener);
        return listener;
    }

    public override ValueTask<Connection> ConnectAsync(Loop loop, IpPort remote, ConnectOptions options) =>
        network.ConnectAsync(host, loop, remote, options);

    public override DatagramSocket Bind(IpPort address, Loop loop, DatagramReceived received, int mark = 0, IpPort? peer = null)
    {
        var bound = new IpPort(address.Address.IsAny ? host.Address : address.Address, address.Port == 0 ? host.EphemeralPort() : address.Port);
        var socket = new SimulatedDatagramSocket(host, bound, loop, received);
        host.Add(socket);
        return socket;
    }
}

/// <summary>Datagrams stay within their namespace, where the mesh's DNS is; a lossless loopback.</summary>
internal sealed class SimulatedDatagramSocket(SimulatedHost host, IpPort address, Loop loop, DatagramReceived received) : DatagramSocket
{
    public override IpPort Address => address;
    public Loop Loop => loop;

    public override void Send(ReadOnlySpan<byte> datagram, IpPort to) => host.DatagramSocketOn(to.Port)?.Deliver(datagram.ToArray(), address);

    public override void Dispose() => host.Remove(this);

    private void Deliver(byte[] datagram, IpPort from) => loop.Post(_ => received(this, datagram, from), null);
}
