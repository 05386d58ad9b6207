using System.Buffers.Binary;
using Mesh.Io;
using Mesh.Kit.Control;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Dns;
using Mesh.Proxy.Outbound;

namespace Mesh.Tests.Unit.Dns;

public sealed class DnsAnswererTests
{
    private static readonly SnapshotHolder Mesh = NamedMesh.Make();
    private static readonly DnsAnswerer Answerer = new(new DnsOptions { SearchDomains = ["shop.mesh", "mesh", "corp.example"] }, Mesh, new Random(1));

    [Theory]
    [InlineData("catalog.shop.mesh")]
    [InlineData("CATALOG.Shop.Mesh")]
    public void Known_name_has_its_virtual_address_for_30_seconds(string name)
    {
        var answer = Ask(name, DnsWire.TypeA);
        Assert.Equal("A 30 240.240.0.1", Assert.Single(answer.Records));
        Assert.True(answer.IsAuthoritative);
        Assert.Equal(DnsMessages.Query(name, DnsWire.TypeA)[12..], answer.Bytes[12..^16]); // letters as they were asked for
    }

    [Theory]
    [InlineData(DnsWire.TypeAaaa, "AAAA 30 fd00:240:240::2")]
    [InlineData(DnsWire.TypeA, "A 30 240.240.0.2")]
    [InlineData(DnsWire.TypeAny, "A 30 240.240.0.2,AAAA 30 fd00:240:240::2")]
    public void Service_of_both_families_has_both(ushort type, string records) => Assert.Equal(records, string.Join(',', Ask("dual.shop.mesh", type).Records));

    [Theory]
    [InlineData("catalog.shop.mesh", DnsWire.TypeAaaa, 0, "mesh")]
    [InlineData("catalog.shop.mesh", 65, 0, "mesh")] // HTTPS, which browsers ask first
    [InlineData("catalog.shop.mesh", DnsWire.TypeSrv, 0, "mesh")]
    [InlineData("shop.mesh", DnsWire.TypeA, 0, "mesh")]
    [InlineData("mesh", DnsWire.TypeA, 0, "mesh")]
    [InlineData("_tcp.catalog.shop.mesh", DnsWire.TypeA, 0, "mesh")]
    [InlineData("_http._tcp.catalog.shop.mesh", DnsWire.TypeA, 0, "mesh")]
    [InlineData("cache-1.cache.shop.mesh", DnsWire.TypeAaaa, 0, "mesh")]
    [InlineData("nobody.shop.mesh", DnsWire.TypeA, 3, "mesh")]
    [InlineData("nospace.mesh", DnsWire.TypeA, 3, "mesh")]
    [InlineData("a.catalog.shop.mesh", DnsWire.TypeA, 3, "mesh")]
    [InlineData("cache-9.cache.shop.mesh", DnsWire.TypeA, 3, "mesh")]
    [InlineData("_https._tcp.catalog.shop.mesh", DnsWire.TypeSrv, 3, "mesh")]
    [InlineData("_http._udp.catalog.shop.mesh", DnsWire.TypeSrv, 3, "mesh")]
    [InlineData("_tcp.dual.shop.mesh", DnsWire.TypeSrv, 3, "mesh")]
    [InlineData("9.0.240.240.in-addr.arpa", DnsWire.TypePtr, 3, "240.240.in-addr.arpa")]
    [InlineData("0.240.240.in-addr.arpa", DnsWire.TypePtr, 0, "240.240.in-addr.arpa")]
    [InlineData("01.0.240.240.in-addr.arpa", DnsWire.TypePtr, 3, "240.240.in-addr.arpa")]
    [InlineData("x.0.240.240.in-addr.arpa", DnsWire.TypePtr, 3, "240.240.in-addr.arpa")]
    [InlineData("api.shop.svc.cluster.local", DnsWire.TypeAaaa, 0, "api.shop.svc.cluster.local")]
    public void Nothing_there_is_told_with_the_start_of_authority(string name, ushort type, int code, string zone)
    {
        var answer = Ask(name, type);
        Assert.Equal((DnsCode)code, answer.Code);
        Assert.Equal($"SOA 5 {zone} minimum 5", Assert.Single(answer.Records));
    }

    [Theory]
    [InlineData("_http._tcp.catalog.shop.mesh", "SRV 30 0 1 80 catalog.shop.mesh,A 30 240.240.0.1")]
    [InlineData("_grpc._TCP.catalog.shop.mesh", "SRV 30 0 1 9000 catalog.shop.mesh,A 30 240.240.0.1")]
    [InlineData("_http._tcp.api.shop.svc.cluster.local", "SRV 30 0 1 80 api.shop.svc.cluster.local,A 30 10.96.0.7")]
    public void Named_port_leads_to_its_service(string name, string records) => Assert.Equal(records, string.Join(',', Ask(name, DnsWire.TypeSrv).Records));

    [Fact]
    public void Service_without_an_address_has_those_of_its_workloads()
    {
        Assert.Equal(["A 30 10.1.0.1", "A 30 10.1.0.2"], Ask("cache.shop.mesh", DnsWire.TypeA).Records.Order());
        Assert.Equal(["AAAA 30 fd10::1"], Ask("cache.shop.mesh", DnsWire.TypeAaaa).Records);
        Assert.Equal(["A 30 10.1.0.2"], Ask("cache-1.cache.shop.mesh", DnsWire.TypeA).Records);
        Assert.Equal(
            ["A 30 10.1.0.1", "A 30 10.1.0.2", "AAAA 30 fd10::1", "SRV 30 0 1 7000 cache-0.cache.shop.mesh", "SRV 30 0 1 7000 cache-1.cache.shop.mesh"],
            Ask("_redis._tcp.cache.shop.mesh", DnsWire.TypeSrv).Records.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("1.0.240.240.in-addr.arpa", "catalog.shop.mesh")]
    [InlineData("7.0.96.10.in-addr.arpa", "api.shop.svc.cluster.local")]
    [InlineData("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.2.0.0.4.2.0.0.0.d.f.ip6.arpa", "dual.shop.mesh")]
    public void Virtual_address_has_a_name(string name, string host) => Assert.Equal([$"PTR 30 {host}"], Ask(name, DnsWire.TypePtr).Records);

    [Fact]
    public void Apex_of_a_zone_has_its_own_records()
    {
        Assert.Equal(["SOA 5 mesh minimum 5"], Ask("mesh", DnsWire.TypeSoa).Records);
        Assert.Equal(["NS 30 ns.mesh"], Ask("mesh", DnsWire.TypeNs).Records);
    }

    [Theory]
    [InlineData("example.com")]
    [InlineData("catalogmesh")]
    [InlineData("")]
    [InlineData("svc.cluster.local")] // there may be others of whom we do not know
    [InlineData("web-0.api.shop.svc.cluster.local")]
    [InlineData("catalog.shop.mesh.localdomain")]
    [InlineData("www.corp.example")]
    [InlineData("9.0.96.10.in-addr.arpa")]
    [InlineData("96.10.in-addr.arpa")]
    public void Any_other_name_is_forwarded(string name) =>
        Assert.Equal(DnsAnswerer.Decision.Forward, Decide(DnsMessages.Query(name, DnsWire.TypeA), out _, out _));

    [Theory]
    [InlineData("catalog.shop.mesh.corp.example", DnsWire.TypeA, 0, "CNAME 30 catalog.shop.mesh,A 30 240.240.0.1")]
    [InlineData("catalog.shop.mesh.corp.example", DnsWire.TypeAaaa, 0, "CNAME 30 catalog.shop.mesh,SOA 5 mesh minimum 5")]
    [InlineData("_http._tcp.catalog.shop.mesh.corp.example", DnsWire.TypeSrv, 0, "CNAME 30 _http._tcp.catalog.shop.mesh,SRV 30 0 1 80 catalog.shop.mesh,A 30 240.240.0.1")]
    [InlineData("api.shop.svc.cluster.local.corp.example", DnsWire.TypeA, 0, "CNAME 30 api.shop.svc.cluster.local,A 30 10.96.0.7")]
    [InlineData("nobody.shop.mesh.corp.example", DnsWire.TypeA, 3, "")]
    [InlineData("catalog.shop.mesh.shop.mesh", DnsWire.TypeA, 3, "SOA 5 mesh minimum 5")] // each is tried in turn; the last finds it
    [InlineData("example.com.shop.mesh", DnsWire.TypeA, 3, "SOA 5 mesh minimum 5")]
    public void Name_with_a_search_domain_behind_it_leads_to_the_name_or_nowhere(string name, ushort type, int code, string records)
    {
        var answer = Ask(name, type);
        Assert.Equal(((DnsCode)code, records), (answer.Code, string.Join(',', answer.Records)));
    }

    [Theory]
    [InlineData("corp.example", "eu.corp.example")]
    [InlineData("eu.corp.example", "corp.example")]
    public void Search_domain_within_another_is_known_in_either_order(string first, string second)
    {
        var answerer = new DnsAnswerer(new DnsOptions { SearchDomains = [first, second] }, Mesh, new Random(1));
        foreach (string domain in (string[])[first, second])
        {
            var query = DnsMessages.Query($"catalog.shop.mesh.{domain}", DnsWire.TypeA);
            var answer = new byte[512];
            Assert.Equal(DnsAnswerer.Decision.Answered, answerer.Decide(query, answer, isStream: false, out _, out int length));
            Assert.Equal(["CNAME 30 catalog.shop.mesh", "A 30 240.240.0.1"], new DnsReply(query, answer[..length]).Records);
        }
    }

    [Fact]
    public void Label_with_a_dot_inside_is_no_mesh_name()
    {
        var query = DnsMessages.Query("catalogxshop.mesh", DnsWire.TypeA);
        query[DnsWire.HeaderLength + 1 + "catalog".Length] = (byte)'.';
        Assert.Equal(DnsCode.NoSuchName, Ask(query).Code);
    }

    [Theory]
    [InlineData(0x2000, 4)] // NOTIFY
    [InlineData(0x7800, 4)]
    public void Other_operation_is_not_implemented(int flags, int code)
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA);
        BinaryPrimitives.WriteUInt16BigEndian(query.AsSpan(2), (ushort)flags);
        Assert.Equal((DnsCode)code, Ask(query).Code);
    }

    [Theory]
    [InlineData("catalog.shop.mesh", DnsWire.TypeAxfr)]
    [InlineData("example.com", DnsWire.TypeAxfr)]
    [InlineData("example.com", DnsWire.TypeIxfr)]
    public void Transfer_of_a_zone_is_refused(string name, ushort type) => Assert.Equal(DnsCode.Refused, Ask(name, type).Code);

    [Fact]
    public void Other_class_is_refused()
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA);
        query[^1] = 3;
        Assert.Equal(DnsCode.Refused, Ask(query).Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Any_number_of_questions_but_one_is_a_format_error(byte count)
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA);
        query[5] = count;
        Assert.Equal(DnsCode.FormatError, Ask(query).Code);
    }

    [Fact]
    public void Answer_sent_to_us_is_ignored()
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA);
        query[2] |= 0x80;
        Assert.Equal(DnsAnswerer.Decision.Ignore, Decide(query, out _, out _));
    }

    [Fact]
    public void Question_cut_anywhere_is_ignored_or_a_format_error()
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA, edns: true);
        for (int length = 0; length < query.Length; length++)
        {
            var decision = Decide(query.AsSpan(0, length), out _, out int written);
            Assert.Equal(length < DnsWire.HeaderLength ? DnsAnswerer.Decision.Ignore : DnsAnswerer.Decision.Answered, decision);
            Assert.True(decision == DnsAnswerer.Decision.Ignore || written == DnsWire.HeaderLength);
        }
    }

    [Fact]
    public void Flags_of_the_question_that_concern_the_answer_are_repeated()
    {
        var query = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA);
        BinaryPrimitives.WriteUInt16BigEndian(query.AsSpan(2), 0x0130); // RD, AD, CD
        Assert.Equal(0x8590, BinaryPrimitives.ReadUInt16BigEndian(Ask(query).Bytes.AsSpan(2))); // QR, AA, RD, RA, CD; nothing was validated
    }

    [Theory]
    [InlineData("9.0.9.241.in-addr.arpa", true)]
    [InlineData("9.0.240.240.in-addr.arpa", false)]
    [InlineData("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.a.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa", true)]
    [InlineData("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.2.0.0.4.2.0.0.0.d.f.ip6.arpa", false)]
    public void Names_of_addresses_are_the_meshs_in_the_ranges_that_are_configured(string name, bool isOwn)
    {
        var ranges = new VirtualRanges(System.Net.IPNetwork.Parse("241.9.0.0/16"), System.Net.IPNetwork.Parse("fd12:3456:789a::/48"));
        var answerer = new DnsAnswerer(new DnsOptions { VirtualRanges = ranges }, Mesh, new Random(1));
        var decision = answerer.Decide(DnsMessages.Query(name, DnsWire.TypePtr), new byte[512], isStream: false, out _, out _);
        Assert.Equal(isOwn ? DnsAnswerer.Decision.Answered : DnsAnswerer.Decision.Forward, decision);
    }

    private static DnsAnswerer.Decision Decide(ReadOnlySpan<byte> query, out byte[] answer, out int length)
    {
        answer = new byte[DnsWire.MaxUdpLength];
        return Answerer.Decide(query, answer, isStream: false, out _, out length);
    }

    private static DnsReply Ask(string name, ushort type) => Ask(DnsMessages.Query(name, type));

    private static DnsReply Ask(byte[] query)
    {
        Assert.Equal(DnsAnswerer.Decision.Answered, Decide(query, out var answer, out int length));
        return new DnsReply(query, answer[..length]);
    }
}
