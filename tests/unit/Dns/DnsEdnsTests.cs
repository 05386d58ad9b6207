using Mesh.Kit.Control;
using Mesh.Proxy.Dns;

namespace Mesh.Tests.Unit.Dns;

/// <summary>EDNS (RFC 6891) and answers that are too long.</summary>
public sealed class DnsEdnsTests
{
    private const int Many = 300;

    private static readonly DnsAnswerer Answerer = new(new DnsOptions(), NamedMesh.Make(Many), new Random(1));

    [Fact]
    public void Answer_speaks_EDNS_exactly_when_the_question_does()
    {
        Assert.Null(Ask(DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA)).Options);
        Assert.Equal([0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0], Ask(Query(0xffff)).Options);
        Assert.Equal([0, 0, 41, 4, 0xd0, 0, 0, 0x80, 0, 0, 0], Ask(Query(0xffff, flags: 0x80)).Options);
    }

    [Fact]
    public void Version_above_zero_is_told_ours()
    {
        var answer = Ask(Query(4096, version: 1));
        Assert.Equal((DnsCode.BadVersion, 0), (answer.Code, answer.Options![6]));
        Assert.Empty(answer.Records);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Operation_that_is_refused_is_refused_in_EDNS_when_it_speaks_it(bool edns)
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA, edns: edns);
        query[2] |= 4 << 3; // NOTIFY
        var answer = Ask(query);
        Assert.Equal((DnsCode.NotImplemented, edns), (answer.Code, answer.Options is not null));
    }

    [Theory]
    [InlineData("01610000290200000000000000")] // owner is a.
    [InlineData("00002902000000000000")] // cut
    [InlineData("00002902000000000000020008")] // option without length
    [InlineData("000029020000000000000400080001")] // option longer than the record
    [InlineData("0000290200000000000000", "0000290200000000000000")]
    public void Broken_EDNS_is_a_format_error(params string[] records)
    {
        byte[] query = [.. DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA), .. records.SelectMany(Convert.FromHexString)];
        query[11] = (byte)records.Length;
        Assert.Equal(DnsCode.FormatError, Ask(query).Code);
    }

    [Fact]
    public void EDNS_outside_the_additional_section_is_a_format_error()
    {
        var query = Query(4096);
        (query[7], query[11]) = (1, 0);
        Assert.Equal(DnsCode.FormatError, Ask(query).Code);
    }

    [Theory]
    [InlineData(null, 512)]
    [InlineData(0, 512)]
    [InlineData(513, 513)]
    [InlineData(1232, 1232)]
    [InlineData(65535, 1232)]
    public void Answer_that_does_not_fit_is_cut_to_the_question(int? payload, int limit)
    {
        var query = payload is { } length ? Query(length, "cache.shop.mesh") : DnsMessages.Query("cache.shop.mesh", DnsWire.TypeA);
        var answer = Ask(query);
        Assert.True(answer.IsTruncated);
        Assert.Empty(answer.Records);
        Assert.Equal(payload is not null, answer.Options is not null);
        var edns = payload is null ? default : new DnsEdns(true, payload.Value, 0, false, false);
        Assert.Equal(limit, edns.UdpLimit);
    }

    [Fact]
    public void Over_TCP_it_fits()
    {
        var buffer = new byte[DnsStream.MaxMessageLength];
        var query = Query(512, "cache.shop.mesh");
        Answerer.Decide(query, buffer, isStream: true, out _, out int length);
        var answer = new DnsReply(query, buffer[..length]);
        Assert.False(answer.IsTruncated);
        Assert.Equal(Many + 2, answer.Records.Count);
    }

    [Fact]
    public void Answer_of_exactly_the_limit_is_whole_and_one_byte_less_cuts_it()
    {
        var query = Query(DnsWire.MaxUdpLength, "dual.shop.mesh", DnsWire.TypeAny);
        int exact = Ask(query).Bytes.Length;
        var buffer = new byte[exact];
        foreach (int limit in (int[])[exact, exact - 1])
        {
            var writer = new DnsAnswerWriter(buffer.AsSpan(0, limit), query, QuestionOf(query), DnsCode.NoError, true);
            writer.Address(DnsAnswerWriter.Asked, Mesh.Io.Ip.Parse("240.240.0.2"), TimeSpan.FromSeconds(30));
            writer.Address(DnsAnswerWriter.Asked, Mesh.Io.Ip.Parse("fd00::2"), TimeSpan.FromSeconds(30));
            Assert.Equal(limit < exact, new DnsReply(query, writer.Finish().ToArray()).IsTruncated);
        }
    }

    [Fact]
    public void Additional_records_that_do_not_fit_are_left_out_without_a_word()
    {
        var query = DnsMessages.Query("_http._tcp.catalog.shop.mesh", DnsWire.TypeSrv);
        int whole = Ask(query).Bytes.Length;
        var buffer = new byte[whole - 1];
        Answerer.Decide(query, buffer, isStream: true, out _, out int length);
        var answer = new DnsReply(query, buffer[..length]);
        Assert.False(answer.IsTruncated);
        Assert.Single(answer.Records);
    }

    private static DnsQuestion QuestionOf(byte[] query)
    {
        Assert.Equal(DnsReadResult.Ok, DnsQuestion.ReadQuery(query, out var question));
        return question;
    }

    private static byte[] Query(int payload, string name = "catalog.shop.mesh", ushort type = DnsWire.TypeA, byte version = 0, byte flags = 0)
    {
        var query = DnsMessages.Query(name, type, edns: true);
        var record = query.AsSpan(query.Length - DnsEdns.Length);
        (record[3], record[4], record[6], record[7]) = ((byte)(payload >> 8), (byte)payload, version, flags);
        return query;
    }

    private static DnsReply Ask(byte[] query)
    {
        var buffer = new byte[DnsWire.MaxUdpLength];
        Assert.Equal(DnsAnswerer.Decision.Answered, Answerer.Decide(query, buffer, isStream: false, out _, out int length));
        return new DnsReply(query, buffer[..length]);
    }
}
