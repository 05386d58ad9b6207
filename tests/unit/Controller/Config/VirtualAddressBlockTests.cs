using System.Net;
using Mesh.Controller.Config;
using Mesh.Protocol.Config;
using Mesh.Resources.Compile;
using Mesh.Tests.Unit.Resources;

namespace Mesh.Tests.Unit.Controller.Config;

/// <summary>controller.yaml says from which blocks Services get their addresses.</summary>
public sealed class VirtualAddressBlockTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mesh-controller-config-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Services_get_a_pair_of_addresses_from_the_blocks_that_are_set()
    {
        var options = Read("virtualAddresses: 241.9.0.0/16\nvirtualAddressesV6: fd12:3456:789a::/48\n").Config!.CompileOptions;
        var services = ResourceCompiler.Compile(Documents.Set("apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [ { port: 80 } ] }"), options);
        var addresses = Documents.Message<Service>(services, TypeUrls.Service, "default/a").Addresses.Select(static bytes => new IPAddress(bytes.Span)).ToList();
        Assert.Equal(2, addresses.Count);
        Assert.True(IPNetwork.Parse("241.9.0.0/16").Contains(addresses[0]), addresses[0].ToString());
        Assert.True(IPNetwork.Parse("fd12:3456:789a::/48").Contains(addresses[1]), addresses[1].ToString());
        Assert.Equal(addresses[0].GetAddressBytes()[2..], addresses[1].GetAddressBytes()[14..]); // twins
    }

    [Fact]
    public void Without_them_the_blocks_are_those_of_every_node()
    {
        var options = Read("").Config!.CompileOptions;
        Assert.Equal(new byte[] { 240, 240 }, options.VirtualPrefixV4);
        Assert.Equal(IPAddress.Parse("fd00:240:240::").GetAddressBytes()[..6], options.VirtualPrefixV6);
    }

    [Theory]
    [InlineData("virtualAddressesV6: fd00:240:240::/64", "an IPv6 block of 48 bits")]
    [InlineData("virtualAddressesV6: fd00:240:240:1::/48", "beyond its prefix")]
    [InlineData("virtualAddressesV6: 240.240.0.0/16", "an IPv6 block of 48 bits")]
    [InlineData("virtualAddressesV6: \"fd00:240:240::\"", "an address block")]
    [InlineData("virtualAddressesV6: 7", "must be")]
    [InlineData("virtualAddresses: fd00::/16", "an IPv4 block of 16 bits")]
    [InlineData("virtualAddresses: 240.240.1.0/16", "beyond its prefix")]
    public void Other_blocks_are_refused_with_the_place(string line, string problem)
    {
        var (config, errors) = Read($"trustDomain: cluster.local\n{line}\n");
        Assert.Null(config);
        var error = Assert.Single(errors);
        Assert.Contains(problem, error.ToString());
        Assert.Equal(2, error.Line);
    }

    private (ControllerConfig? Config, IReadOnlyList<Mesh.Resources.Validation.ResourceError> Errors) Read(string text)
    {
        string file = Path.Combine(folder, "controller.yaml");
        File.WriteAllText(file, text);
        return ControllerConfigReader.Read(file);
    }
}
