using System.Text.Json.Nodes;
using Mesh.Controller.Distribution;
using Mesh.Controller.Graph;
using Mesh.Io;
using Mesh.Protocol.Identity;
using Mesh.Resources;
using Mesh.Resources.Kinds;
using Mesh.Resources.Validation;
using Mesh.Store;

namespace Mesh.Controller.Registry;

/// <summary>
/// What nodes report, as resources. A Workload that a node reports is made, updated and removed with the reports; one that a person wrote is
/// never changed but in its status. Until a person takes one over, the label below marks it as managed.
/// </summary>
internal sealed class WorkloadRegistry(IResourceStore store, TimeProvider time) : IWorkloadRegistry
{
    /// <summary>Annotation of Workloads that exist because a node reported them; its value is the node.</summary>
    public const string ManagedBy = "mesh.internal/reported-by";

    private static readonly ChangeAuthor author = new("mesh-controller", Audited: false);

    public async Task<IReadOnlyList<(string Name, string Problem)>> ReplaceNodeWorkloadsAsync(string node, IReadOnlyList<EnrolledWorkload> workloads)
    {
        List<(string Name, string Problem)> problems = [];
        await store.WriteAsync(author, resources =>
        {
            problems.Clear();
            var batch = new ReportBatch(resources, node, time.GetUtcNow());
            foreach (var workload in workloads)
            {
                if (batch.Add(workload) is { } problem)
                    problems.Add(($"{workload.Namespace}/{workload.Name}", problem));
            }

            return batch.Finish();
        });
        return problems;
    }

    public Task SetNodeAsync(NodeReport report) => store.WriteAsync(author, resources =>
    {
        var existing = resources.Find(new ResourceKey(Groups.Mesh, "Node", "", report.Node));
        if (existing is null)
            return [Change.Create(StatusMerge.Apply(NewNode(report), Status(report, resources), time.GetUtcNow()))];

        var document = existing.Copy();
        if (report.Addresses is { } addresses)
            document["spec"]!["addresses"] = Texts(addresses);

        return [Change.Update(StatusMerge.Apply(new Resource(existing.Kind, document), Status(report, resources), time.GetUtcNow()))];
    });

    private static Resource NewNode(NodeReport report)
    {
        var (resource, errors) = ResourceValidator.Validate(new JsonObject
        {
            ["apiVersion"] = "mesh.internal/v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = report.Node },
            ["spec"] = new JsonObject { ["addresses"] = Texts(report.Addresses ?? []) },
        });
        return resource ?? throw new ArgumentException(string.Join("; ", errors), nameof(report));
    }

    private static JsonObject Status(NodeReport report, ResourceSet resources)
    {
        var status = new JsonObject
        {
            ["connected"] = report.Connected,
            ["workloads"] = resources.OfKind("Workload").Count(workload => workload.Spec?["node"]?.ToString() == report.Node),
        };
        if (report.Version is not null)
            status["version"] = report.Version;
        if (report.ConfigVersion is not null)
            status["configVersion"] = report.ConfigVersion;
        if (report.Rejected is { } rejected)
            status["conditions"] = new JsonArray(ConfigAccepted(rejected));

        return status;
    }

    private static JsonObject ConfigAccepted(IReadOnlyList<RejectedConfig> rejected) => new()
    {
        ["type"] = "ConfigAccepted",
        ["status"] = rejected.Count == 0 ? "True" : "False",
        ["reason"] = rejected.Count == 0 ? "Accepted" : "Rejected",
        ["message"] = rejected.Count == 0 ? "the node has taken its whole configuration"
            : string.Join("; ", rejected.Take(20).Select(item => $"{item.TypeUrl[(item.TypeUrl.LastIndexOf('.') + 1)..]} {item.Name}: {item.Reason}")),
    };

    private static JsonArray Texts(IReadOnlyList<Ip> addresses) => [.. addresses.Select(address => JsonValue.Create(address.ToString()))];
}
