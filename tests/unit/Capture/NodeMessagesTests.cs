using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.NodeSocket;

namespace Mesh.Tests.Unit.Capture;

public sealed class NodeMessagesTests
{
    private static readonly NodeRequest Request = new()
    {
        Verb = NodeVerb.Enrol,
        Enrolment = new()
        {
            Namespace = "shop",
            Workload = "cart",
            Addresses = ["10.0.0.2"],
            Attachment = new("c1", "eth0"),
            NamespacePath = "/run/netns/x",
            NamespaceInode = 1,
        },
    };

    [Fact]
    public void Request_reads_back_as_it_was_written()
    {
        string text = JsonSerializer.Serialize(Request, NodeJson.Default.NodeRequest);
        Assert.Equal(text, JsonSerializer.Serialize(Read(text), NodeJson.Default.NodeRequest));
    }

    [Fact]
    public void Plugin_writes_by_hand_what_the_serializer_would()
    {
        NodeRequest[] requests =
        [
            Request,
            new() { Verb = NodeVerb.Ping },
            new() { Verb = NodeVerb.List },
            new() { Verb = NodeVerb.Check, Attachment = new("c1", "eth0") },
            new() { Verb = NodeVerb.Unenrol, Attachment = Attachment.ByHand("shop/ca\"rt") },
            Request with
            {
                Enrolment = Request.Enrolment! with
                {
                    ServiceAccount = "cart",
                    Labels = new Dictionary<string, string> { ["app"] = "cart", ["ünï"] = "<&>" },
                    Addresses = ["10.0.0.2", "fd00::2"],
                    Network = "lab",
                    PodUid = "u",
                    Resolvers = ["10.0.0.53"],
                    SearchDomains = ["shop.mesh"],
                    ResolverFiles = ["/etc/resolv.conf"],
                    SearchDomainFiles = ["/etc/netns/x/resolv.conf", "/etc/resolv.conf"],
                    Capture = new()
                    {
                        Dns = false,
                        Ports = new(1, 2, 3, 4),
                        ExcludeInboundPorts = [22],
                        ExcludeInboundCidrs = [System.Net.IPNetwork.Parse("10.0.0.0/8")],
                        ExcludeOutboundPorts = [25, 26],
                        ExcludeOutboundCidrs = [System.Net.IPNetwork.Parse("fd00::/8")],
                    },
                },
            },
        ];
        foreach (var request in requests)
            Assert.Equal(JsonSerializer.Serialize(request, NodeJson.Default.NodeRequest), System.Text.Encoding.UTF8.GetString(NodeRequestWriter.Write(request)));
    }

    [Fact]
    public void Short_answer_is_the_one_the_daemon_gives() =>
        Assert.Equal(JsonSerializer.SerializeToUtf8Bytes(new NodeResponse(), NodeJson.Default.NodeResponse), NodeSocketClient.Done.ToArray());

    [Fact]
    public void Record_of_a_version_without_search_domains_and_files_has_none()
    {
        var request = JsonNode.Parse(JsonSerializer.Serialize(Request, NodeJson.Default.NodeRequest))!;
        foreach (string field in (string[])["searchDomains", "resolverFiles", "searchDomainFiles"]) request["enrolment"]!.AsObject().Remove(field);
        var enrolment = Read(request.ToJsonString())!.Enrolment!;
        Assert.Empty(enrolment.SearchDomains.Concat(enrolment.ResolverFiles).Concat(enrolment.SearchDomainFiles));
    }

    /// <summary>A field that is left out must not become false or null behind the daemon's back.</summary>
    [Theory]
    [InlineData("version")]
    [InlineData("verb")]
    [InlineData("enrolment.labels")]
    [InlineData("enrolment.resolvers")]
    [InlineData("enrolment.addresses")]
    [InlineData("enrolment.capture")]
    [InlineData("enrolment.capture.dns")]
    [InlineData("enrolment.capture.ports.inbound")]
    [InlineData("enrolment.capture.excludeOutboundPorts")]
    [InlineData("enrolment.attachment.containerId")]
    public void Missing_field_is_refused(string path)
    {
        var root = JsonNode.Parse(JsonSerializer.Serialize(Request, NodeJson.Default.NodeRequest))!;
        string[] names = path.Split('.');
        var owner = names[..^1].Aggregate(root, static (node, name) => node[name]!).AsObject();
        Assert.True(owner.Remove(names[^1]));
        Assert.Throws<JsonException>(() => Read(root.ToJsonString()));
    }

    [Fact]
    public void Unknown_field_is_refused()
    {
        string text = JsonSerializer.Serialize(Request, NodeJson.Default.NodeRequest);
        Assert.Throws<JsonException>(() => Read(text.Replace("\"verb\"", "\"unknown\":1,\"verb\"")));
    }

    private static NodeRequest? Read(string text) => JsonSerializer.Deserialize(text, NodeJson.Default.NodeRequest);
}
