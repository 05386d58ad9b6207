using Mesh.Kit.Machines;
using Mesh.Telemetry;

namespace Mesh.Tests.Hosts.Capture;

/// <summary>Names as programs of a captured workload ask for them: dig and the C library.</summary>
public sealed class ResolverTests(ResolverLab lab) : IClassFixture<ResolverLab>
{
    [Theory]
    [InlineData("catalog.shop.mesh", "240.240.0.1")]
    [InlineData("catalog.shop.mesh +noedns", "240.240.0.1")]
    [InlineData("catalog.shop.mesh +tcp", "240.240.0.1")]
    [InlineData("-x 240.240.0.1", "catalog.shop.mesh.")]
    [InlineData("-x fd00:240:240::2", "dual.shop.mesh.")]
    [InlineData("_http._tcp.catalog.shop.mesh SRV", "0 1 80 catalog.shop.mesh.")]
    [InlineData("dual.shop.mesh AAAA", "fd00:240:240::2")]
    [InlineData("www.example.com", "192.0.2.1")]
    [InlineData("www.example.com AAAA", "2001:db8::1")]
    [InlineData("www.example.com +tcp", "192.0.2.1")]
    [InlineData($"@{ResolverLab.Dnsmasq} www.example.com", "198.51.100.3")] // the server that was asked knows another address
    [InlineData($"@{ResolverLab.Dnsmasq} www.example.com +tcp", "198.51.100.3")]
    [InlineData("@fd94::1 www.example.com", "192.0.2.1")]
    [InlineData($"@{ResolverLab.Nobody} www.example.com", "192.0.2.1")] // where nobody listens, the workload's own server is asked at once
    public async Task Name_resolves_as_dig_asks(string question, string answer)
    {
        string at = question.StartsWith('@') ? "" : "@9.9.9.9 ";
        var result = await lab.DigAsync($"{at}{question} +short +timeout=1 +tries=1");
        Assert.Equal(answer, result.Must().Output.Trim());
    }

    [Theory]
    [InlineData("nobody.shop.mesh", "NXDOMAIN", "AUTHORITY: 1")]
    [InlineData("catalog.shop.mesh MX", "NOERROR", "AUTHORITY: 1")]
    [InlineData("nobody.example.com", "NXDOMAIN", "AUTHORITY: 1")]
    [InlineData("catalog.shop.mesh +edns=1 +noednsneg", "BADVERS", "version: 0")]
    [InlineData("catalog.shop.mesh +opcode=status", "NOTIMP", "opcode: STATUS")]
    [InlineData("catalog.shop.mesh -c CH", "REFUSED", "QUERY: 1")]
    [InlineData("mesh AXFR +tcp", "Transfer failed", "AXFR")]
    [InlineData("big.example.com +ignore +noedns", "NOERROR", "qr tc")]
    [InlineData("big.example.com", "NOERROR", "ANSWER: 60,")]
    [InlineData("big.example.com +bufsize=600", "NOERROR", "ANSWER: 60,")]
    public async Task What_else_dig_is_told(string question, string status, string detail)
    {
        var result = await lab.DigAsync($"@9.9.9.9 {question} +timeout=2 +tries=1");
        Assert.Contains(status, result.Output);
        Assert.Contains(detail, result.Output);
    }

    [Theory]
    [InlineData("catalog", "240.240.0.1")] // shop.mesh appended
    [InlineData("catalog.shop", "240.240.0.1")] // mesh appended
    [InlineData("catalog.shop.mesh", "240.240.0.1")]
    [InlineData("www", "192.0.2.1")] // example.com appended, after the mesh said no
    [InlineData("www.example.com", "192.0.2.1")]
    public async Task C_library_finds_names_through_its_search_domains(string name, string address)
    {
        string resolv = Path.Combine(lab.Folder, "resolv.conf");
        await File.WriteAllTextAsync(resolv, "nameserver 9.9.9.9\nsearch shop.mesh mesh example.com\noptions ndots:5 timeout:1 attempts:1\n");
        var result = await Shell.RunAsync(["nsenter", $"--net={lab.Workload.Path}", "unshare", "--mount", "sh", "-c",
            "mount --bind \"$0\" \"$(readlink -f /etc/resolv.conf)\" && exec getent ahostsv4 \"$1\"", resolv, name]);
        Assert.StartsWith(address + " ", result.Must().Output);
    }

    [Fact]
    public async Task Resolver_is_asked_once_while_its_answer_lasts()
    {
        var before = Counts();
        for (int i = 0; i < 3; i++) (await lab.DigAsync("@9.9.9.9 once.example.com +timeout=1 +tries=1")).Must();
        for (int i = 0; i < 3; i++) (await lab.DigAsync("@9.9.9.9 never.example.com +timeout=1 +tries=1")).Must();
        var after = Counts();
        Assert.Equal((4, 2), (after.Hits - before.Hits, after.Misses - before.Misses));
    }

    private (double Hits, double Misses) Counts() =>
        (lab.Metrics.Counter(MeshMetrics.DnsCacheHits, "client", "shop").Value, lab.Metrics.Counter(MeshMetrics.DnsCacheMisses, "client", "shop").Value);
}
