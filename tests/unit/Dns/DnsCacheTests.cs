using Mesh.Kit.Connections;
using Mesh.Proxy.Dns;
using Mesh.Telemetry;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.Unit.Dns;

public sealed class DnsCacheTests
{
    private static readonly byte[] Data = DnsMessages.Record(DnsWire.TypeA, 60, 1, 2, 3, 4);

    private readonly VirtualTime time = new();
    private readonly MetricRegistry registry = new(1);

    [Theory]
    [InlineData(59.9, true)]
    [InlineData(60, false)]
    public void Answer_ends_with_its_shortest_time(double seconds, bool isKnown)
    {
        var cache = Make();
        Store(cache, DnsMessages.AnswerTo(Query(), [Data, DnsMessages.Record(DnsWire.TypeA, 90, 1, 2, 3, 5)]));
        time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(isKnown, Find(cache) is not null);
        Assert.Equal(isKnown ? 1 : 0, cache.Count);
    }

    [Theory]
    [InlineData(3, 30, 300, 30)]
    [InlineData(3, 300, 7, 7)]
    [InlineData(0, 300, 7, 7)]
    public void Nothing_is_remembered_for_the_lesser_of_time_and_minimum_of_the_authority(int code, uint ttl, uint minimum, int seconds)
    {
        var cache = Make();
        Store(cache, DnsMessages.AnswerTo(Query(), [], [DnsMessages.Authority(ttl, minimum)], (DnsCode)code));
        time.Advance(TimeSpan.FromSeconds(seconds - 1));
        Assert.Equal((DnsCode)code, Find(cache)!.Code);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(Find(cache));
    }

    public static TheoryData<string, byte[]> NotRemembered => new()
    {
        { "failure", DnsMessages.AnswerTo(Query(), DnsCode.ServerFailure) },
        { "nothing without authority", DnsMessages.AnswerTo(Query(), DnsCode.NoSuchName) },
        { "time of zero", DnsMessages.AnswerTo(Query(), [DnsMessages.Record(DnsWire.TypeA, 0, 1, 2, 3, 4)]) },
        { "time with the upper bit", DnsMessages.AnswerTo(Query(), [DnsMessages.Record(DnsWire.TypeA, 0x8000_0001, 1, 2, 3, 4)]) },
        { "alias without data", DnsMessages.AnswerTo(Query(), [DnsMessages.Record(DnsWire.TypeCname, 60, 1, (byte)'a', 0)]) },
        { "rest behind the records", [.. DnsMessages.AnswerTo(Query(), [Data]), 0] },
        { "record cut", DnsMessages.AnswerTo(Query(), [Data])[..^1] },
        { "answer cut by the server", Cut(DnsMessages.AnswerTo(Query(), [Data])) },
        { "extended failure", Extended(DnsMessages.AnswerTo(Query(), [Data])) },
    };

    [Theory]
    [MemberData(nameof(NotRemembered))]
    public void Some_answers_are_not_remembered(string why, byte[] answer)
    {
        var cache = Make();
        Store(cache, answer);
        Assert.True(cache.Count == 0, why);
    }

    [Fact]
    public void Time_is_bounded_however_long_the_server_allows()
    {
        var cache = Make(new DnsOptions { MaxCachedTime = TimeSpan.FromSeconds(10) });
        Store(cache, DnsMessages.AnswerTo(Query(), [Data]));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(["A 51 1.2.3.4"], Find(cache)!.Records);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(Find(cache));
    }

    [Fact]
    public void What_was_asked_for_longest_ago_is_forgotten_first()
    {
        var cache = Make(new DnsOptions { MaxCachedAnswers = 2 });
        foreach (string name in (string[])["a.com", "b.com"]) Store(cache, DnsMessages.AnswerTo(Query(name), [Data]), name);
        Assert.NotNull(Find(cache, "a.com"));
        Store(cache, DnsMessages.AnswerTo(Query("c.com"), [Data]), "c.com");
        Assert.Null(Find(cache, "b.com"));
        Assert.NotNull(Find(cache, "a.com"));
        Assert.Equal(1, registry.Shard(0).Counter(MeshMetrics.DnsCacheEvictions, "client", "shop").Value);
    }

    [Fact]
    public void Bytes_are_bounded_and_given_back()
    {
        var cache = Make(new DnsOptions { MaxCachedBytes = 1000 });
        for (int i = 0; i < 100; i++)
        {
            Store(cache, DnsMessages.AnswerTo(Query($"{i}.com"), [Data]), $"{i}.com");
            Assert.InRange(cache.Bytes, 1, 1000);
        }
        Assert.Equal(cache.Bytes, registry.Shard(0).Gauge(MeshMetrics.DnsCacheBytes, "client", "shop").Value);
        time.Advance(TimeSpan.FromMinutes(2));
        for (int i = 0; i < 100; i++) Assert.Null(Find(cache, $"{i}.com"));
        Assert.Equal((0, 0), (cache.Count, cache.Bytes));
    }

    [Fact]
    public void Record_of_EDNS_is_of_one_hop_and_made_anew()
    {
        var cache = Make();
        var query = DnsMessages.Query("example.com", DnsWire.TypeA, edns: true);
        byte[] options = query[^DnsEdns.Length..];
        byte[] answer = [.. DnsMessages.AnswerTo(Query(), [Data]), .. options];
        answer[11] = 1;
        Store(cache, answer);
        Assert.Null(Find(cache)!.Options);
        Assert.Equal(options, Find(cache, query)!.Options);
    }

    [Fact]
    public void Answer_longer_than_the_client_takes_is_cut()
    {
        var cache = Make();
        Store(cache, DnsMessages.AnswerTo(Query(), [.. Enumerable.Repeat(Data, 40)]));
        Assert.True(Find(cache)!.IsTruncated);
        Assert.Equal(40, Find(cache, Query(), limit: 1232)!.Records.Count);
    }

    [Fact]
    public void Question_with_a_client_s_network_is_neither_remembered_nor_answered()
    {
        var cache = Make();
        Store(cache, DnsMessages.AnswerTo(Query(), [Data]));
        byte[] query = [.. DnsMessages.Query("example.com", DnsWire.TypeA, edns: true)[..^1], 4, 0, 8, 0, 0];
        query[^6] = 0;
        (query[^6], query[^5]) = (0, 4);
        Assert.Null(Find(cache, query));
    }

    [Fact]
    public void Hits_and_misses_are_counted()
    {
        var cache = Make();
        Find(cache);
        Store(cache, DnsMessages.AnswerTo(Query(), [Data]));
        Find(cache);
        Find(cache);
        Assert.Equal(2, registry.Shard(0).Counter(MeshMetrics.DnsCacheHits, "client", "shop").Value);
        Assert.Equal(1, registry.Shard(0).Counter(MeshMetrics.DnsCacheMisses, "client", "shop").Value);
    }

    private static byte[] Query(string name = "example.com") => DnsMessages.Query(name, DnsWire.TypeA);

    private static byte[] Cut(byte[] answer)
    {
        answer[2] |= 2;
        return answer;
    }

    private static byte[] Extended(byte[] answer)
    {
        answer[11] = 1;
        return [.. answer, 0, 0, 41, 4, 0xd0, 1, 0, 0, 0, 0, 0];
    }

    private DnsCache Make(DnsOptions? options = null) => new(options ?? new DnsOptions(), time, new DnsMetrics(registry.Shard(0), "client", "shop"));

    private static void Store(DnsCache cache, byte[] answer, string name = "example.com")
    {
        Assert.Equal(DnsReadResult.Ok, DnsQuestion.ReadQuery(Query(name), out var question));
        cache.Store(new(question, null), question, answer);
    }

    private static DnsReply? Find(DnsCache cache, string name = "example.com") => Find(cache, Query(name));

    private static DnsReply? Find(DnsCache cache, byte[] query, int limit = 512)
    {
        Assert.Equal(DnsReadResult.Ok, DnsQuestion.ReadQuery(query, out var question));
        var answer = new byte[DnsWire.MaxUdpLength];
        return cache.TryAnswer(new(question, null), query, question, answer, limit, out int length) ? new DnsReply(query, answer[..length]) : null;
    }
}
