using System.Buffers.Binary;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Proxy.Dns;

namespace Mesh.Tests.Unit.Dns;

/// <summary>Forwarding on virtual time, with sockets that only remember what was sent.</summary>
public sealed class DnsForwardingTests
{
    private static readonly IpPort First = IpPort.Parse("10.0.0.53:53");
    private static readonly IpPort Second = IpPort.Parse("[fd00::53]:53");
    private static readonly IpPort Client = IpPort.Parse("10.0.0.2:40000");
    private static readonly byte[] Query = DnsMessages.Query("example.com", DnsWire.TypeA);

    private readonly TestLoop loop = new();
    private readonly FakeSockets sockets = new();

    [Fact]
    public void Answer_of_the_server_returns_with_the_client_s_id()
    {
        Start(First);
        var asked = Ask();
        Assert.Equal((First, 0x539), (asked.To, asked.Socket.Mark));
        Assert.Equal(Query[2..], asked.Bytes[2..]);
        asked.Socket.Receive(DnsMessages.AnswerTo(asked.Bytes), First);
        Assert.Equal(DnsMessages.AnswerTo(Query), Assert.Single(Listener.Sent).Bytes);
        Assert.Equal(Client, Listener.Sent[0].To);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("question")]
    [InlineData("server")]
    [InlineData("query")]
    public void Answer_that_does_not_match_is_dropped(string difference)
    {
        Start(First);
        var asked = Ask();
        var answer = DnsMessages.AnswerTo(asked.Bytes);
        if (difference == "id") answer[0] ^= 1;
        if (difference == "question") answer[DnsWire.HeaderLength + 1] = (byte)'x';
        if (difference == "query") answer[2] &= 0x7f;
        asked.Socket.Receive(answer, difference == "server" ? IpPort.Parse("10.0.0.54:53") : First);
        Assert.Empty(Listener.Sent);
        loop.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal((int)DnsCode.ServerFailure, Assert.Single(Listener.Sent).Bytes[3] & 0xf);
    }

    [Fact]
    public void Silent_server_is_left_after_two_seconds_for_the_next_and_then_the_answer_is_SERVFAIL()
    {
        Start(First, Second);
        Ask();
        loop.Advance(TimeSpan.FromSeconds(1.99));
        Assert.DoesNotContain(sockets.AllSent, static sent => sent.To == Second);
        loop.Advance(TimeSpan.FromSeconds(0.03));
        Assert.Contains(sockets.AllSent, static sent => sent.To == Second);
        Assert.Empty(Listener.Sent);
        loop.Advance(TimeSpan.FromSeconds(2.02));
        Assert.Equal((int)DnsCode.ServerFailure, Assert.Single(Listener.Sent).Bytes[3] & 0xf);
    }

    [Fact]
    public void Refusing_server_is_left_at_once_and_the_last_one_s_word_counts()
    {
        Start(First, Second);
        var asked = Ask();
        asked.Socket.Receive(DnsMessages.AnswerTo(asked.Bytes, DnsCode.Refused), First);
        var second = sockets.AllSent.Last(static sent => sent.To == Second);
        second.Socket.Receive(DnsMessages.AnswerTo(second.Bytes, DnsCode.Refused), Second);
        Assert.Equal((int)DnsCode.Refused, Assert.Single(Listener.Sent).Bytes[3] & 0xf);
    }

    [Fact]
    public void Without_resolvers_the_answer_is_SERVFAIL_at_once()
    {
        Start();
        Listener.Receive(Query, Client);
        Assert.Equal((int)DnsCode.ServerFailure, Assert.Single(Listener.Sent).Bytes[3] & 0xf);
    }

    [Fact]
    public void Too_many_questions_under_way_get_SERVFAIL_at_once()
    {
        Start(new DnsOptions { Resolvers = [First], MaxPending = 2 });
        for (int i = 0; i < 3; i++) Listener.Receive(Query, Client);
        Assert.Single(Listener.Sent);
        loop.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal(3, Listener.Sent.Count);
        Assert.Equal(0, loop.Timers.ArmedCount);
    }

    [Fact]
    public void Socket_is_replaced_after_some_questions_and_closed_after_its_last_answer()
    {
        Start(First);
        var asked = Ask();
        for (int i = 0; i < 300; i++) Listener.Receive(Query, Client);
        var upstream = sockets.Opened.Where(static socket => socket.Mark != 0).ToList();
        Assert.Equal(2, upstream.Count);
        Assert.False(asked.Socket.IsDisposed);
        loop.Advance(TimeSpan.FromSeconds(2.1));
        Assert.True(asked.Socket.IsDisposed);
        Assert.False(upstream[1].IsDisposed);
    }

    [Fact]
    public void Ids_are_not_predictable_from_the_client_s()
    {
        Start(First);
        for (int i = 0; i < 20; i++) Listener.Receive(Query, Client);
        Assert.True(sockets.AllSent.Select(static sent => BinaryPrimitives.ReadUInt16BigEndian(sent.Bytes)).Distinct().Count() > 15);
    }

    private FakeSocket Listener => sockets.Opened[0];

    private void Start(params IpPort[] resolvers) => Start(new DnsOptions { Resolvers = resolvers });

    private void Start(DnsOptions options) =>
        DnsServer.Start(options with { Listen = [IpPort.Parse("127.0.0.1:15053")] }, sockets, loop, new DnsAnswererTests.FixedNames(), new Random(5));

    private (FakeSocket Socket, byte[] Bytes, IpPort To) Ask()
    {
        Listener.Receive(Query, Client);
        return sockets.AllSent.Single(static sent => sent.Socket.Mark != 0);
    }

    private sealed class FakeSockets : SocketFactory
    {
        internal List<FakeSocket> Opened { get; } = [];

        internal IEnumerable<(FakeSocket Socket, byte[] Bytes, IpPort To)> AllSent =>
            Opened.SelectMany(static socket => socket.Sent.Select(sent => (socket, sent.Bytes, sent.To)));

        public override Listener Listen(IpPort address, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted) => new FakeListener(address);

        public override ValueTask<Connection> ConnectAsync(Loop loop, IpPort remote, ConnectOptions options) =>
            throw new ConnectionBrokenException(BreakKind.ConnectFailed, "not in this test");

        public override DatagramSocket Bind(IpPort address, Loop loop, DatagramReceived received, int mark = 0)
        {
            Opened.Add(new(address, received, mark));
            return Opened[^1];
        }
    }

    private sealed class FakeListener(IpPort address) : Listener
    {
        public override IpPort Address => address;

        public override void Dispose()
        {
        }
    }

    private sealed class FakeSocket(IpPort address, DatagramReceived received, int mark) : DatagramSocket
    {
        public override IpPort Address => address;
        internal int Mark => mark;
        internal bool IsDisposed { get; private set; }
        internal List<(byte[] Bytes, IpPort To)> Sent { get; } = [];

        internal void Receive(byte[] datagram, IpPort from) => received(this, datagram, from);

        public override void Send(ReadOnlySpan<byte> datagram, IpPort to) => Sent.Add((datagram.ToArray(), to));

        public override void Dispose() => IsDisposed = true;
    }
}
