using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Proxy.Dns;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.Fuzz.Dns;

/// <summary>Questions and answers of DNS: whatever comes in, an answer that goes out is well formed and to the same question.</summary>
internal sealed class DnsTarget : IFuzzTarget
{
    private static readonly DnsAnswerer Answerer = new(new DnsOptions { SearchDomains = ["mesh", "com"] }, NamedMesh.Make(100), new Random(1));
    private static readonly byte[] Asked = Question(1, "a", "b");

    public string Name => "dns";

    public IEnumerable<byte[]> Seeds =>
    [
        Question(1, "catalog", "shop", "mesh"),
        Question(28, "dual", "shop", "mesh"),
        Question(255, "nobody", "mesh"),
        [.. Question(1, "example", "com")[..^6], 0xc0, 12, 0, 1, 0, 1],
        [.. Question(1, "dual", "shop", "mesh")[..11], 1, .. Question(1, "dual", "shop", "mesh")[12..], 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0],
        Question(33, "_redis", "_tcp", "cache", "shop", "mesh"),
        Question(1, "cache", "shop", "mesh", "com"),
        Question(12, "1", "0", "240", "240", "in-addr", "arpa"),
        [0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 1, 0, 1, .. Question(1, "a", "b")[12..], 0, 0, 6, 0, 1, 0, 0, 0, 9, 0, 22, .. new byte[21], 9, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0],
        [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, .. Question(1, "a", "b")[12..], 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        DnsQuestion.TryReadAnswer(input, out _);
        Remember(input);
        byte[] answer = new byte[DnsWire.MaxUdpLength];
        var decision = Answerer.Decide(input, answer, isStream: false, out var question, out int length);
        if (decision != DnsAnswerer.Decision.Answered) return;
        Assert.InRange(length, DnsWire.HeaderLength, Math.Max(question.Edns.UdpLimit, DnsWire.MinUdpLength));
        Assert.Equal(input[..2], answer.AsSpan(0, 2));
        CheckRecords(answer.AsSpan(0, length), question);
        if (answer[5] == 0) return;
        Assert.True(DnsQuestion.TryReadAnswer(answer.AsSpan(0, length), out var repeated), "its own answer is not readable");
        Assert.True(repeated.IsSameQuestion(question), $"asked {question}, answered {repeated}");
    }

    /// <summary>As the answer of a resolver to a question of ours: what is remembered of it must be readable again, for the same question.</summary>
    private static void Remember(ReadOnlySpan<byte> input)
    {
        DnsQuestion.ReadQuery(Asked, out var question);
        if (!DnsQuestion.TryReadAnswer(input, out var answered) || !answered.IsSameQuestion(question)) return;
        var cache = new DnsCache(new DnsOptions(), new VirtualTime(), new DnsMetrics(new MetricRegistry(1).Shard(0), "w", "n"));
        cache.Store(new(question, null), question, input);
        byte[] answer = new byte[DnsWire.MaxUdpLength];
        if (!cache.TryAnswer(new(question, null), Asked, question, answer, DnsWire.MinUdpLength, out int length)) return;
        Assert.InRange(length, Asked.Length, DnsWire.MinUdpLength);
        CheckRecords(answer.AsSpan(0, length), question);
    }

    private static void CheckRecords(ReadOnlySpan<byte> answer, in DnsQuestion question)
    {
        var records = new DnsRecords(answer, answer[5] == 0 ? DnsWire.HeaderLength : question.QuestionEnd);
        while (records.TryNext(out _))
        {
        }
        Assert.True(records.IsComplete, "the records do not fill the answer");
    }

    private static byte[] Question(ushort type, params string[] labels) =>
    [
        0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        .. labels.SelectMany(static label => new[] { (byte)label.Length }.Concat(label.Select(static letter => (byte)letter))),
        0, (byte)(type >> 8), (byte)type, 0, 1,
    ];
}
