using System.Collections.Concurrent;
using System.IO.Pipelines;
using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Kit.Proxy;

/// <summary>Hosts with addresses of their own whose sockets are real ones of the loopback: what listens at an address of a host listens at some
/// port of 127.0.0.1, and whoever connects there is led to it. Source addresses and marks are not kept.</summary>
internal sealed class LoopbackNetwork
{
    private readonly ConcurrentDictionary<IpPort, IpPort> listening = new();

    /// <summary>The sockets of a host.</summary>
    /// <param name="redirected">What a connection to that port was meant for.</param>
    public SocketFactory Host(Ip address, SocketFactory inner, (ushort Port, IpPort Destination)? redirected = null) => new HostSockets(this, address, inner, redirected);

    private sealed class HostSockets(LoopbackNetwork network, Ip address, SocketFactory inner, (ushort Port, IpPort Destination)? redirected) : SocketFactory
    {
        public override Listener Listen(IpPort at, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted)
        {
            var local = new IpPort(address, at.Port);
            IpPort? meantFor = redirected is { } found && at.Port == found.Port ? found.Destination : null;
            var listener = inner.Listen(new IpPort(Ip.LoopbackV4, 0), loops, options, connection => accepted(new Accepted(connection, local, meantFor)));
            network.listening[local] = listener.Address;
            return listener;
        }

        public override ValueTask<Connection> ConnectAsync(Loop loop, IpPort remote, ConnectOptions options) =>
            inner.ConnectAsync(loop, network.listening[remote], new ConnectOptions(options.Timeout));

        public override DatagramSocket Bind(IpPort at, Loop loop, DatagramReceived received, int mark = 0, IpPort? peer = null) =>
            throw new NotSupportedException("there are no datagrams here");
    }

    private sealed class Accepted : Connection
    {
        private readonly Connection inner;
        private readonly IpPort? destination;

        public Accepted(Connection inner, IpPort local, IpPort? destination)
        {
            (this.inner, LocalAddress, this.destination) = (inner, local, destination);
            inner.OnBroken = () => OnBroken?.Invoke();
        }

        public override Loop Loop => inner.Loop;
        public override PipeReader Input => inner.Input;
        public override PipeWriter Output => inner.Output;
        public override IpPort LocalAddress { get; }
        public override IpPort RemoteAddress => inner.RemoteAddress;
        public override void Abort() => inner.Abort();
        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        public override bool TryGetOriginalDestination(out IpPort original)
        {
            original = destination ?? default;
            return destination is not null;
        }
    }
}
