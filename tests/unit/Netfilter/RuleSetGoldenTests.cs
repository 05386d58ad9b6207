using System.Net;
using System.Runtime.CompilerServices;
using Mesh.Netfilter;
using Mesh.Netfilter.Rules;

namespace Mesh.Tests.Unit.Netfilter;

/// <summary>Rules are reviewed as text: a change of the builder shows as a change of a file in Golden. MESH_UPDATE_GOLDEN=1 rewrites them.</summary>
public sealed class RuleSetGoldenTests
{
    private static readonly CaptureOptions Exclusions = new()
    {
        ExcludeInboundPorts = [22, 9100],
        ExcludeInboundCidrs = [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd01::/16")],
        ExcludeOutboundPorts = [3306],
        ExcludeOutboundCidrs = [IPNetwork.Parse("169.254.169.254/32"), IPNetwork.Parse("fe80::/10")],
    };

    private static readonly CaptureOptions OtherPorts = new() { Ports = new(25001, 25006, 25008, 25053), Dns = false };

    [Fact]
    public void Default_options_for_IPv4() => Compare("default-v4.txt", CaptureOptions.Default, IpFamily.IPv4);

    [Fact]
    public void Default_options_for_IPv6() => Compare("default-v6.txt", CaptureOptions.Default, IpFamily.IPv6);

    [Fact]
    public void Exclusions_for_IPv4() => Compare("exclusions-v4.txt", Exclusions, IpFamily.IPv4);

    [Fact]
    public void Exclusions_for_IPv6() => Compare("exclusions-v6.txt", Exclusions, IpFamily.IPv6);

    [Fact]
    public void Other_ports_without_dns() => Compare("other-ports-no-dns-v4.txt", OtherPorts, IpFamily.IPv4);

    private static void Compare(string file, CaptureOptions options, IpFamily family)
    {
        string path = Path.Combine(SourceFolder(), "Golden", file);
        string actual = RestoreScript.Fresh(RuleSetBuilder.Build(options, family));
        if (Environment.GetEnvironmentVariable("MESH_UPDATE_GOLDEN") == "1") File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
