using Mesh.Io;
using Mesh.Proxy.Dns;

namespace Mesh.Tests.Fuzz.Dns;

/// <summary>Questions and answers of DNS: whatever comes in, an answer that goes out is well formed and to the same question.</summary>
internal sealed class DnsTarget : IFuzzTarget
{
    private static readonly DnsAnswerer Answerer = new(new DnsOptions(), new TwoNames());

    public string Name => "dns";

    public IEnumerable<byte[]> Seeds =>
    [
        Question(1, "catalog", "shop", "mesh"),
        Question(28, "dual", "shop", "mesh"),
        Question(255, "nobody", "mesh"),
        [.. Question(1, "example", "com")[..^6], 0xc0, 12, 0, 1, 0, 1],
        [.. Question(1, "dual", "shop", "mesh")[..11], 1, .. Question(1, "dual", "shop", "mesh")[12..], 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0],
        [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, .. Question(1, "a", "b")[12..], 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        DnsQuestion.TryReadAnswer(input, out _);
        byte[] answer = new byte[DnsAnswerWriter.MaxLength];
        var decision = Answerer.Decide(input, answer, out var question, out int length);
        if (decision != DnsAnswerer.Decision.Answered) return;
        Assert.InRange(length, DnsWire.HeaderLength, DnsAnswerWriter.MaxLength);
        Assert.Equal(input[..2], answer.AsSpan(0, 2));
        if (answer[5] == 0) return;
        Assert.True(DnsQuestion.TryReadAnswer(answer.AsSpan(0, length), out var repeated), "its own answer is not readable");
        Assert.True(repeated.IsSameQuestion(question), $"asked {question}, answered {repeated}");
    }

    private static byte[] Question(ushort type, params string[] labels) =>
    [
        0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        .. labels.SelectMany(static label => new[] { (byte)label.Length }.Concat(label.Select(static letter => (byte)letter))),
        0, (byte)(type >> 8), (byte)type, 0, 1,
    ];

    private sealed class TwoNames : INameResolver
    {
        public bool TryResolve(string name, out NameAnswer answer)
        {
            answer = new(Ip.Parse("240.240.0.1"), name == "dual.shop.mesh" ? Ip.Parse("fdf0::2") : null);
            return name is "catalog.shop.mesh" or "dual.shop.mesh";
        }
    }
}
