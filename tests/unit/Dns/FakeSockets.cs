using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Tests.Unit.Dns;

/// <summary>Sockets that only remember what was sent.</summary>
internal sealed class FakeSockets : SocketFactory
{
    internal List<FakeSocket> Opened { get; } = [];

    internal IEnumerable<(FakeSocket Socket, byte[] Bytes, IpPort To)> AllSent =>
        Opened.SelectMany(static socket => socket.Sent.Select(sent => (socket, sent.Bytes, sent.To)));

    /// <summary>Answers a connection to a server; null refuses it.</summary>
    internal Func<IpPort, Connection>? Connect { get; set; }

    /// <summary>Gives a connection to who listened last.</summary>
    internal Action<Connection>? Accept { get; private set; }

    public override Listener Listen(IpPort address, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted)
    {
        Accept = accepted;
        return new FakeListener(address);
    }

    public override ValueTask<Connection> ConnectAsync(Loop loop, IpPort remote, ConnectOptions options) =>
        Connect is null ? throw new ConnectionBrokenException(BreakKind.ConnectFailed, "nobody there") : new(Connect(remote));

    public override DatagramSocket Bind(IpPort address, Loop loop, DatagramReceived received, int mark = 0, IpPort? peer = null)
    {
        Opened.Add(new(address, received, mark, peer));
        return Opened[^1];
    }

    private sealed class FakeListener(IpPort address) : Listener
    {
        public override IpPort Address => address;

        public override void Dispose()
        {
        }
    }
}

internal sealed class FakeSocket(IpPort address, DatagramReceived received, int mark, IpPort? peer) : DatagramSocket
{
    public override IpPort Address => address;
    internal int Mark => mark;
    internal IpPort? Peer => peer;
    internal bool IsDisposed { get; private set; }

    /// <summary>What redirected datagrams were meant for; null when the kernel does not know.</summary>
    internal IpPort? OriginalDestination { get; set; }

    internal List<(byte[] Bytes, IpPort To)> Sent { get; } = [];

    internal void Receive(byte[] datagram, IpPort from) => received(this, datagram, from);

    public override void Send(ReadOnlySpan<byte> datagram, IpPort to) => Sent.Add((datagram.ToArray(), to));

    public override bool TryGetOriginalDestination(IpPort from, out IpPort destination)
    {
        destination = OriginalDestination ?? default;
        return OriginalDestination is not null;
    }

    public override void Dispose() => IsDisposed = true;
}
