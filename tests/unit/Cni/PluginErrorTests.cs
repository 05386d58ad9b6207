using System.Text;
using System.Text.Json.Nodes;
using Mesh.Cni;

namespace Mesh.Tests.Unit.Cni;

/// <summary>Bad input: each kind gets the specification's code and a message that says what to change.</summary>
public sealed class PluginErrorTests
{
    private const string Good = """{"cniVersion":"1.0.0","name":"n","type":"mesh-cni","nodeSocket":"/nonexistent/node.sock","timeout":"20ms"}""";

    [Theory]
    [InlineData("""{"cniVersion":"0.3.1","name":"n","type":"mesh-cni"}""", 1, "cniVersion '0.3.1' is not supported")]
    [InlineData("""{"cniVersion":"2.0.0","name":"n","type":"mesh-cni"}""", 1, "cniVersion '2.0.0' is not supported")]
    [InlineData("""{"name":"n","type":"mesh-cni"}""", 1, "has no cniVersion")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","type":"mesh-cni","nodeSoket":"/x"}""", 2, "nodeSoket=\"/x\"")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","type":"mesh-cni","capture":{"excludeOutboundPort":[1]}}""", 2, "capture.excludeOutboundPort=[1]")]
    [InlineData("", 6, "not JSON")]
    [InlineData("{", 6, "not JSON")]
    [InlineData("[]", 6, "not a JSON object")]
    [InlineData("""{"cniVersion":"1.0.0","cniVersion":"1.1.0"}""", 6, "not JSON")]
    [InlineData("""{"cniVersion":"1.0.0","type":"mesh-cni"}""", 7, "name is missing or empty")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","nodeSocket":7}""", 7, "nodeSocket must be string, not 7")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","nodeSocket":"run/node.sock"}""", 7, "nodeSocket must be an absolute path")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","logLevel":"loud"}""", 7, "logLevel must be error, warn, info or debug")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","timeout":"5"}""", 7, "timeout must be a duration")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","capture":{"dns":"yes"}}""", 7, "capture.dns must be true or false")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","capture":{"excludeInboundPorts":[70000]}}""", 7, "capture.excludeInboundPorts: 70000 is not a port")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","capture":{"excludeOutboundCidrs":["10.0.0.1/8"]}}""", 7, "which is not an address block")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","prevResult":[]}""", 7, "prevResult must be object")]
    public void Malformed_configuration_is_refused(string configuration, int code, string message)
    {
        var (exitCode, json, _) = Call("ADD", configuration);
        Assert.Equal(1, exitCode);
        Assert.Equal(code, (int)json["code"]!);
        Assert.Contains(message, (string)json["msg"]! + json["details"]);
    }

    [Theory]
    [InlineData("CNI_CONTAINERID", "", "CNI_CONTAINERID")]
    [InlineData("CNI_CONTAINERID", "../x", "CNI_CONTAINERID")]
    [InlineData("CNI_IFNAME", "eth0/1", "CNI_IFNAME")]
    [InlineData("CNI_IFNAME", "averylonginterfacename", "CNI_IFNAME")]
    [InlineData("CNI_NETNS", "", "CNI_NETNS is empty")]
    [InlineData("CNI_NETNS", "/run/netns/does-not-exist", "No such file or directory")]
    [InlineData("CNI_NETNS", "/etc/hostname", "is not a network namespace")]
    [InlineData("CNI_NETNS", "/proc/self/ns/net", "machine's own network namespace")]
    [InlineData("CNI_ARGS", "novalue", "'novalue' is not NAME=value")]
    [InlineData("CNI_ARGS", "MESH_NAMESPACE=Shop", "namespace 'Shop' must be")]
    [InlineData("CNI_ARGS", "MESH_WORKLOAD=a/b", "workload 'a/b' must be")]
    [InlineData("CNI_ARGS", "MESH_SERVICE_ACCOUNT=a/../b", "service account")]
    [InlineData("CNI_ARGS", "MESH_LABELS=a", "label 'a' is not key=value")]
    [InlineData("CNI_COMMAND", "PLAY", "CNI_COMMAND=PLAY")]
    public void Invalid_environment_is_code_4_and_names_the_variable(string variable, string value, string message)
    {
        var (exitCode, json, _) = Call("ADD", Good, (variable, value));
        Assert.Equal(1, exitCode);
        Assert.Equal(4, (int)json["code"]!);
        Assert.Contains(message, (string)json["msg"]!);
        Assert.Equal("1.0.0", (string?)json["cniVersion"]);
    }

    [Theory]
    [InlineData("GC")]
    [InlineData("STATUS")]
    public void Verb_of_1_1_with_an_older_configuration_is_code_1(string verb)
    {
        var (_, json, _) = Call(verb, Good);
        Assert.Equal(1, (int)json["code"]!);
    }

    [Fact]
    public void Check_without_previous_result_is_code_7() => Assert.Equal(7, (int)Call("CHECK", Good).Json["code"]!);

    [Fact]
    public void Collection_without_a_list_is_refused_instead_of_removing_everything() =>
        Assert.Equal(7, (int)Call("GC", Good.Replace("1.0.0", "1.1.0")).Json["code"]!);

    [Fact]
    public void Deletion_without_namespace_and_daemon_succeeds()
    {
        var (exitCode, json, log) = Call("DEL", Good, ("CNI_NETNS", ""));
        Assert.Equal(0, exitCode);
        Assert.Empty(json.AsObject());
        Assert.Contains("meshd was not told", log);
    }

    [Fact]
    public void Version_lists_what_is_supported()
    {
        var (exitCode, json, _) = Call("VERSION", """{"cniVersion":"1.0.0"}""");
        Assert.Equal(0, exitCode);
        Assert.Equal("""{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}""", json.ToJsonString());
    }

    private static (int ExitCode, JsonNode Json, string Log) Call(string verb, string input, params (string Name, string Value)[] changes)
    {
        var environment = new Dictionary<string, string>
        {
            ["CNI_COMMAND"] = verb, ["CNI_CONTAINERID"] = "c1", ["CNI_IFNAME"] = "eth0", ["CNI_NETNS"] = "/run/netns/none", ["CNI_ARGS"] = "",
        };
        foreach (var (name, value) in changes) environment[name] = value;
        var (output, error) = (new MemoryStream(), new MemoryStream());
        int exitCode = Entry.Run([], new(environment.GetValueOrDefault, new MemoryStream(Encoding.UTF8.GetBytes(input)), output, error, TimeProvider.System));
        string text = Encoding.UTF8.GetString(output.ToArray());
        return (exitCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!, Encoding.UTF8.GetString(error.ToArray()));
    }
}
