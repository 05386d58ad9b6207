using System.Text;
using System.Text.Json;
using Mesh.Cni.Spec;

namespace Mesh.Tests.Unit.Cni;

public sealed class ResultWriterTests
{
    [Fact]
    public void Result_of_the_requested_version_passes_byte_for_byte()
    {
        const string result = """{ "cniVersion":"1.0.0" , "ips":[ {"address":"10.0.0.2/24","gateway":"10.0.0.1"} ],"x":1.50, "u":"\u00e9" }""";
        Assert.Equal(result + "\n", Write(result, "1.0.0"));
    }

    [Fact]
    public void Result_of_0_4_0_loses_address_versions_in_1_0_0() =>
        Assert.Equal("""{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24","interface":0}],"dns":{}}""" + "\n",
            Write("""{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.2/24","interface":0}],"dns":{}}""", "1.0.0"));

    [Fact]
    public void Result_of_1_1_0_gains_address_versions_and_loses_later_fields_in_0_4_0() =>
        Assert.Equal("""{"cniVersion":"0.4.0","interfaces":[{"name":"eth0"}],"ips":[{"version":"6","address":"fd00::2/64"}],"routes":[{"dst":"::/0"}]}""" + "\n",
            Write("""{"cniVersion":"1.1.0","interfaces":[{"name":"eth0","mtu":1500}],"ips":[{"address":"fd00::2/64"}],"routes":[{"dst":"::/0","table":7}]}""", "0.4.0"));

    [Fact]
    public void Result_of_an_old_shape_cannot_be_converted()
    {
        var error = Assert.Throws<CniException>(() => Write("""{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}""", "1.0.0"));
        Assert.Equal(CniErrorCode.IncompatibleVersion, error.Code);
    }

    [Fact]
    public void Addresses_outside_the_sandbox_are_not_the_workload_s()
    {
        const string result = """
            {"interfaces":[{"name":"br0"},{"name":"eth0","sandbox":"/run/netns/x"}],
             "ips":[{"address":"10.0.0.1/24","interface":0},{"address":"10.0.0.2/24","interface":1},{"address":"fd00::2/64"}]}
            """;
        var previous = PreviousResult.Read(JsonDocument.Parse(result).RootElement);
        Assert.Equal(["10.0.0.2", "fd00::2"], previous.Addresses.Select(static address => address.ToString()));
    }

    private static string Write(string result, string version)
    {
        var output = new MemoryStream();
        ResultWriter.WriteResult(output, JsonDocument.Parse(result).RootElement, version);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
