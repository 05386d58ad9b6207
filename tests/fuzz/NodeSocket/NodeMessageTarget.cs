using System.Text.Json;
using Mesh.Capture;
using Mesh.Capture.Enrolments;
using Mesh.Netfilter.Namespaces;
using Mesh.NodeSocket;

namespace Mesh.Tests.Fuzz.NodeSocket;

/// <summary>Messages of the node socket, both directions, and the rules that an enrolment must satisfy.</summary>
internal sealed class NodeMessageTarget : IFuzzTarget
{
    private static readonly Enrolment Enrolment = new()
    {
        Namespace = "shop",
        Workload = "cart",
        Labels = new Dictionary<string, string> { ["app"] = "cart" },
        Addresses = ["10.0.0.2", "fd00::2"],
        Resolvers = ["10.0.0.53"],
        Attachment = new("c1", "eth0"),
        NamespacePath = "/run/netns/x",
        NamespaceInode = 1,
    };

    public string Name => "node-socket";

    public IEnumerable<byte[]> Seeds =>
    [
        JsonSerializer.SerializeToUtf8Bytes(new NodeRequest { Verb = NodeVerb.Enrol, Enrolment = Enrolment }, NodeJson.Default.NodeRequest),
        JsonSerializer.SerializeToUtf8Bytes(new NodeRequest { Verb = NodeVerb.Check, Attachment = new("c1", "eth0") }, NodeJson.Default.NodeRequest),
        JsonSerializer.SerializeToUtf8Bytes(
            new NodeResponse { Workloads = [new(Enrolment, EnrolmentState.Failed, "why")], More = true }, NodeJson.Default.NodeResponse),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            if (JsonSerializer.Deserialize(input, NodeJson.Default.NodeRequest) is { } request) CheckRequest(request);
        }
        catch (JsonException)
        {
            // Refused: the peer is told so.
        }
        try
        {
            if (JsonSerializer.Deserialize(input, NodeJson.Default.NodeResponse) is { } response) JsonSerializer.Serialize(response, NodeJson.Default.NodeResponse);
        }
        catch (JsonException)
        {
            // Refused.
        }
    }

    private static void CheckRequest(NodeRequest request)
    {
        string text = JsonSerializer.Serialize(request, NodeJson.Default.NodeRequest);
        var again = JsonSerializer.Deserialize(text, NodeJson.Default.NodeRequest)!;
        Assert.Equal(text, JsonSerializer.Serialize(again, NodeJson.Default.NodeRequest));
        if (request.Enrolment is not { } enrolment) return;
        using var network = NetworkNamespace.OpenCurrent();
        Assert.Throws<CaptureRequestException>(() => EnrolmentRules.Check(enrolment, network));
    }
}
