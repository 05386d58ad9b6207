using System.Buffers.Binary;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Proxy.Dns;
using Mesh.Telemetry.Metrics;

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
    private readonly MetricRegistry registry = new(1);

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

    [Theory]
    [InlineData(1, true)] // FORMERR, to EDNS
    [InlineData(4, true)]
    [InlineData(0, false)]
    [InlineData(3, false)] // says something of the name, so it must repeat it
    public void Error_may_be_a_header_alone(byte code, bool counts)
    {
        Start(First);
        var asked = Ask();
        asked.Socket.Receive([asked.Bytes[0], (byte)(asked.Bytes[1] ^ 1), 0x81, code, 0, 0, 0, 0, 0, 0, 0, 0], First);
        asked.Socket.Receive([asked.Bytes[0], asked.Bytes[1], 0x01, code, 0, 0, 0, 0, 0, 0, 0, 0], First);
        asked.Socket.Receive([asked.Bytes[0], asked.Bytes[1], 0x81, code, 0, 0, 0, 1, 0, 0, 0, 0], First);
        Assert.Empty(Listener.Sent);
        asked.Socket.Receive([asked.Bytes[0], asked.Bytes[1], 0x81, code, 0, 0, 0, 0, 0, 0, 0, 0], First);
        Assert.Equal(counts ? 1 : 0, Listener.Sent.Count);
        if (counts) Assert.Equal([Query[0], Query[1], 0x81, code, 0, 0, 0, 0, 0, 0, 0, 0], Listener.Sent[0].Bytes);
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
        for (int i = 0; i < 20; i++) Listener.Receive(Query, Client);
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

    [Fact]
    public void Server_that_the_client_asked_is_asked_first_and_then_the_known_ones()
    {
        Start(First, Second);
        var meant = IpPort.Parse("10.9.9.9:53");
        Listener.OriginalDestination = meant;
        Listener.Receive(Query, Client);
        Assert.Equal(meant, sockets.AllSent.Single(static sent => sent.Socket.Mark != 0).To);
        loop.Advance(TimeSpan.FromSeconds(2.02));
        Assert.Equal(First, sockets.AllSent.Last().To);
    }

    [Theory]
    [InlineData("127.0.0.1:15053")] // the listener's own port, called directly
    [InlineData("127.0.0.53:53")]
    public void Server_on_this_machine_is_not_asked_in_our_name(string meant)
    {
        Start(First);
        Listener.OriginalDestination = IpPort.Parse(meant);
        Assert.Equal(First, Ask().To);
    }

    [Fact]
    public void Server_where_nobody_listens_is_left_at_once()
    {
        Start(First, Second);
        var asked = Ask();
        asked.Socket.Unreachable!();
        var second = sockets.AllSent.Last(static sent => sent.To == Second);
        second.Socket.Receive(DnsMessages.AnswerTo(second.Bytes), Second);
        Assert.Equal(0, Assert.Single(Listener.Sent).Bytes[3] & 0xf);
        Assert.True(asked.Socket.IsDisposed);
    }

    [Fact]
    public void Silent_server_is_asked_last_for_ten_seconds()
    {
        Start(First, Second);
        Ask();
        loop.Advance(TimeSpan.FromSeconds(2.02));
        int Asked(IpPort server) => sockets.AllSent.Count(sent => sent.To == server);
        Listener.Receive(Query, Client);
        Assert.Equal((1, 2), (Asked(First), Asked(Second)));
        loop.Advance(TimeSpan.FromSeconds(10));
        int before = Asked(First);
        Listener.Receive(Query, Client);
        Assert.Equal(before + 1, Asked(First));
    }

    [Theory]
    [InlineData(1232, false)]
    [InlineData(512, true)]
    public void Cut_answer_is_asked_for_again_over_TCP_and_given_as_far_as_the_client_takes_it(int payload, bool isCut)
    {
        Start(First);
        var query = DnsMessages.Query("example.com", DnsWire.TypeA, edns: true);
        (query[^8], query[^7]) = ((byte)(payload >> 8), (byte)payload);
        Listener.Receive(query, Client);
        var asked = sockets.AllSent.Single(static sent => sent.Socket.Mark != 0);
        var (ours, server) = MemoryConnection.Pair(loop);
        sockets.Connect = to => to == First ? ours : throw new InvalidOperationException($"asked {to}");
        var cut = DnsMessages.AnswerTo(asked.Bytes);
        cut[2] |= 2;
        loop.Run(async () =>
        {
            asked.Socket.Receive(cut, First);
            var question = (await DnsStream.ReadAsync(server.Input, 512))!;
            var plain = question[..^DnsEdns.Length];
            plain[11] = 0;
            var whole = DnsMessages.AnswerTo(plain, [.. Enumerable.Range(0, 40).Select(static i => DnsMessages.Record(DnsWire.TypeA, 60, 10, 0, 0, (byte)i))]);
            await DnsStream.WriteAsync(server.Output, whole);
        });
        loop.RunUntilIdle();
        var answer = new DnsReply(query, Assert.Single(Listener.Sent).Bytes);
        Assert.Equal((isCut, isCut ? 0 : 40), (answer.IsTruncated, answer.Records.Count));
    }

    [Fact]
    public void Cut_answer_goes_to_the_client_when_the_server_does_not_speak_TCP()
    {
        Start(First);
        var asked = Ask();
        var cut = DnsMessages.AnswerTo(asked.Bytes);
        cut[2] |= 2;
        asked.Socket.Receive(cut, First);
        loop.RunUntilIdle();
        Assert.True(new DnsReply(Query, Assert.Single(Listener.Sent).Bytes).IsTruncated);
    }

    [Fact]
    public void Answer_is_remembered_for_its_time_counted_down_and_only_for_the_same_server()
    {
        Start(First);
        var asked = Ask();
        asked.Socket.Receive(DnsMessages.AnswerTo(asked.Bytes, [DnsMessages.Record(DnsWire.TypeA, 60, 1, 2, 3, 4)]), First);
        loop.Advance(TimeSpan.FromSeconds(20));
        var again = DnsMessages.Query("EXAMPLE.com", DnsWire.TypeA, id: 77);
        Listener.Receive(again, Client);
        Assert.Equal(["A 40 1.2.3.4"], new DnsReply(again, Listener.Sent[^1].Bytes).Records);
        Assert.Equal(again[12..], Listener.Sent[^1].Bytes[12..again.Length]);
        int before = sockets.AllSent.Count();
        Listener.OriginalDestination = Second;
        Listener.Receive(again, Client);
        Assert.Equal(before + 1, sockets.AllSent.Count());
    }

    [Fact]
    public void Other_resolvers_are_asked_from_then_on_and_what_the_former_said_is_forgotten()
    {
        using var server = Start(First);
        var asked = Ask();
        asked.Socket.Receive(DnsMessages.AnswerTo(asked.Bytes, [DnsMessages.Record(DnsWire.TypeA, 60, 1, 2, 3, 4)]), First);
        int before = sockets.AllSent.Count(static sent => sent.Socket.Mark != 0);
        server.Use([First], ["x"]);
        loop.RunUntilIdle();
        Listener.Receive(Query, Client);
        Assert.Equal(before, sockets.AllSent.Count(static sent => sent.Socket.Mark != 0)); // the same: remembered
        server.Use([Second], []);
        loop.RunUntilIdle();
        Listener.Receive(Query, Client);
        Assert.Equal(Second, sockets.AllSent.Last(static sent => sent.Socket.Mark != 0).To);
    }

    private FakeSocket Listener => sockets.Opened[0];

    private DnsServer Start(params IpPort[] resolvers) => Start(new DnsOptions { Resolvers = resolvers });

    private DnsServer Start(DnsOptions options) =>
        DnsServer.Start(options with { Listen = [IpPort.Parse("127.0.0.1:15053")] }, sockets, loop, NamedMesh.Make(), new DnsMetrics(registry.Shard(0), "client", "shop"), new Random(5));

    private (FakeSocket Socket, byte[] Bytes, IpPort To) Ask()
    {
        Listener.Receive(Query, Client);
        return sockets.AllSent.Single(static sent => sent.Socket.Mark != 0);
    }
}
