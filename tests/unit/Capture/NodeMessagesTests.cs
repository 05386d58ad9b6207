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
