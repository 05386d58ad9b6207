using System.Buffers.Binary;
using System.Text;
using Mesh.Io;
using Mesh.Proxy.Dns;

namespace Mesh.Tests.Unit.Dns;

public sealed class DnsAnswererTests
{
    private static readonly DnsAnswerer Answerer = new(new DnsOptions(), new FixedNames());

    [Theory]
    [InlineData("catalog.shop.mesh")]
    [InlineData("CATALOG.Shop.Mesh")]
    public void Known_name_has_its_virtual_address_for_30_seconds(string name)
    {
        var answer = Ask(DnsMessages.Query(name, DnsWire.TypeA));
        Assert.Equal((DnsCode.NoError, 1), (answer.Code, answer.Answers));
        Assert.Equal([240, 240, 0, 1], answer.Bytes[^4..]);
        Assert.Equal(30u, BinaryPrimitives.ReadUInt32BigEndian(answer.Bytes.AsSpan(answer.Bytes.Length - 10)));
    }

    [Fact]
    public void Known_name_without_that_family_is_empty_and_not_an_error()
    {
        var answer = Ask(DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeAaaa));
        Assert.Equal((DnsCode.NoError, 0, 1), (answer.Code, answer.Answers, answer.Authorities));
    }

    [Theory]
    [InlineData(65)] // HTTPS, which browsers ask first
    [InlineData(15)]
    public void Known_name_of_another_type_is_empty(int type) => Assert.Equal(DnsCode.NoError, Ask(DnsMessages.Query("catalog.shop.mesh", (ushort)type)).Code);

    [Fact]
    public void Both_families_answer_any() => Assert.Equal(2, Ask(DnsMessages.Query("dual.shop.mesh", DnsWire.TypeAny)).Answers);

    [Theory]
    [InlineData("nobody.shop.mesh", 3)]
    [InlineData("a.catalog.shop.mesh", 3)]
    [InlineData("shop.mesh", 0)]
    [InlineData("mesh", 0)]
    public void Unknown_name_of_the_mesh_is_never_asked_of_others(string name, int code)
    {
        var answer = Ask(DnsMessages.Query(name, DnsWire.TypeA));
        Assert.Equal(((DnsCode)code, 0, 1), (answer.Code, answer.Answers, answer.Authorities));
    }

    [Theory]
    [InlineData("catalog.shop.mesh.localdomain")]
    [InlineData("example.com")]
    [InlineData("catalogmesh")]
    [InlineData("")]
    public void Any_other_name_is_forwarded(string name) =>
        Assert.Equal(DnsAnswerer.Decision.Forward, Answerer.Decide(DnsMessages.Query(name, DnsWire.TypeA), new byte[512], out _, out _));

    [Fact]
    public void Label_with_a_dot_inside_is_no_mesh_name()
    {
        var query = DnsMessages.Query("catalogxshop.mesh", DnsWire.TypeA);
        query[DnsWire.HeaderLength + 1 + "catalog".Length] = (byte)'.';
        Assert.Equal(DnsCode.NoError, Ask(query).Code); // one label below the domain, no address
        Assert.Equal(0, Ask(query).Answers);
    }

    [Fact]
    public void Question_with_EDNS_gets_an_answer_with_EDNS() => Assert.Equal(1, Ask(DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA, edns: true)).Additionals);

    [Theory]
    [InlineData(0x2000, 4)] // opcode NOTIFY
    [InlineData(0x7800, 4)]
    public void Other_operation_is_not_implemented(int flags, int code)
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA);
        BinaryPrimitives.WriteUInt16BigEndian(query.AsSpan(2), (ushort)flags);
        Assert.Equal((DnsCode)code, Ask(query).Code);
    }

    [Fact]
    public void Answer_sent_to_us_is_ignored()
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA);
        query[2] |= 0x80;
        Assert.Equal(DnsAnswerer.Decision.Ignore, Answerer.Decide(query, new byte[512], out _, out _));
    }

    [Fact]
    public void Question_cut_anywhere_is_ignored_or_a_format_error()
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA, edns: true);
        for (int length = 0; length < query.Length; length++)
        {
            var decision = Answerer.Decide(query.AsSpan(0, length), new byte[512], out _, out int written);
            Assert.Equal(length < DnsWire.HeaderLength ? DnsAnswerer.Decision.Ignore : DnsAnswerer.Decision.Answered, decision);
            Assert.True(decision == DnsAnswerer.Decision.Ignore || written == DnsWire.HeaderLength);
        }
    }

    [Fact]
    public void Random_bytes_never_break_the_reader()
    {
        var random = new Random(3);
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA, edns: true);
        for (int i = 0; i < 100_000; i++)
        {
            var broken = query.ToArray();
            for (int changes = random.Next(1, 8); changes > 0; changes--) broken[random.Next(broken.Length)] = (byte)random.Next(256);
            Answerer.Decide(broken, new byte[512], out _, out _);
            DnsQuestion.TryReadAnswer(broken, out _);
        }
    }

    [Theory]
    [InlineData("c00c")] // to itself
    [InlineData("c00e")] // forward
    [InlineData("c000")] // into the header
    [InlineData("01c0")] // a length that runs over a pointer
    [InlineData("40")] // reserved label type
    [InlineData("ff")]
    public void Name_that_loops_or_leaves_the_message_is_refused(string hex)
    {
        var message = new byte[DnsWire.HeaderLength].Concat(Convert.FromHexString(hex)).ToArray();
        int offset = DnsWire.HeaderLength;
        Assert.False(DnsNames.TryRead(message, ref offset, out _));
    }

    [Fact]
    public void Chain_of_backward_pointers_ends_and_leaves_the_offset_behind_the_first()
    {
        // 12: "a" 0; 15: "b" -> 12; 19: "c" -> 15
        byte[] message = [.. new byte[12], 1, (byte)'a', 0, 1, (byte)'b', 0xc0, 12, 1, (byte)'c', 0xc0, 15];
        int offset = 19;
        Assert.True(DnsNames.TryRead(message, ref offset, out string name));
        Assert.Equal(("c.b.a", 23), (name, offset));
    }

    [Theory]
    [InlineData(127, true)] // 127 labels of one letter: 255 bytes with the root
    [InlineData(128, false)]
    public void Name_longer_than_255_bytes_is_refused(int labels, bool isAccepted)
    {
        byte[] message = [.. new byte[12], .. Enumerable.Repeat(new byte[] { 1, (byte)'a' }, labels).SelectMany(static label => label), 0];
        int offset = DnsWire.HeaderLength;
        Assert.Equal(isAccepted, DnsNames.TryRead(message, ref offset, out _));
    }

    private static (DnsCode Code, int Answers, int Authorities, int Additionals, byte[] Bytes) Ask(byte[] query)
    {
        var buffer = new byte[DnsAnswerWriter.MaxLength];
        Assert.Equal(DnsAnswerer.Decision.Answered, Answerer.Decide(query, buffer, out _, out int length));
        var answer = buffer[..length];
        Assert.Equal(query[..2], answer[..2]);
        Assert.NotEqual(0, answer[2] & 0x80);
        return ((DnsCode)(answer[3] & 0xf), answer[7], answer[9], answer[11], answer);
    }

    internal sealed class FixedNames : INameResolver
    {
        public bool TryResolve(string name, out NameAnswer answer)
        {
            answer = name == "dual.shop.mesh" ? new(Ip.Parse("240.240.0.2"), Ip.Parse("fdf0::2")) : new(Ip.Parse("240.240.0.1"), null);
            return name is "catalog.shop.mesh" or "dual.shop.mesh";
        }
    }
}

internal static class DnsMessages
{
    internal static byte[] Query(string name, ushort type, ushort id = 0x1234, bool edns = false)
    {
        var message = new List<byte> { (byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, (byte)(edns ? 1 : 0) };
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }
        message.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (edns) message.AddRange([0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0]);
        return [.. message];
    }

    /// <summary>An empty answer to a question.</summary>
    internal static byte[] AnswerTo(byte[] query, DnsCode code = DnsCode.NoError)
    {
        var answer = query.ToArray();
        answer[2] |= 0x80;
        answer[3] = (byte)code;
        return answer;
    }
}
