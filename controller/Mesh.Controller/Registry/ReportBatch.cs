using System.Text.Json.Nodes;
using Mesh.Controller.Graph;
using Mesh.Io;
using Mesh.Protocol.Identity;
using Mesh.Resources;
using Mesh.Resources.Kinds;
using Mesh.Resources.Validation;
using Mesh.Store;

namespace Mesh.Controller.Registry;

/// <summary>One report of a node against the present resources: decides for each workload, then for those that vanished.</summary>
internal sealed class ReportBatch(ResourceSet resources, string node, DateTimeOffset now)
{
    private readonly List<Change> changes = [];
    private readonly HashSet<ResourceKey> reported = [];
    private readonly HashSet<string> newNamespaces = [];

    /// <returns>Why the workload is not taken; null when it is.</returns>
    public string? Add(EnrolledWorkload workload)
    {
        var (wanted, errors) = ResourceValidator.Validate(Document(workload));
        if (wanted is null)
            return string.Join("; ", errors.Select(error => $"{error.Path}: {error.Message}"));
        if (!reported.Add(wanted.Key))
            return "reported twice";

        var existing = resources.Find(wanted.Key);
        if ((existing is null ? null : Refusal(existing, workload)) is { } refusal)
            return refusal;

        var status = new JsonObject { ["redirectVerified"] = workload.RedirectVerified };
        if (existing is null)
        {
            EnsureNamespace(workload.Namespace);
            changes.Add(Change.Create(StatusMerge.Apply(wanted, status, now)));
        }
        else
        {
            changes.Add(Change.Update(StatusMerge.Apply(IsManaged(existing) ? WithStatusOf(wanted, existing) : existing, status, now)));
        }

        return null;
    }

    public IReadOnlyList<Change> Finish()
    {
        foreach (var workload in resources.OfKind("Workload").Where(workload => !reported.Contains(workload.Key)))
        {
            if (workload.Annotations.GetValueOrDefault(WorkloadRegistry.ManagedBy) == node)
                changes.Add(Change.Delete(workload.Key));
            else if (workload.Spec?["node"]?.ToString() == node && workload.Status?["redirectVerified"]?.GetValue<bool>() == true)
                changes.Add(Change.Update(StatusMerge.Apply(workload, new JsonObject { ["redirectVerified"] = false }, now)));
        }

        return changes;
    }

    /// <summary>A node gets certificates for the workloads it reports, so it may not take over what others declared or run.</summary>
    private string? Refusal(Resource existing, EnrolledWorkload workload)
    {
        var owner = existing.Spec?["node"]?.ToString();
        if (IsManaged(existing))
        {
            return owner == node || !IsConnected(owner) ? null
                : $"a workload of this name runs on node {owner}, which is connected; remove it there or use another name";
        }

        if (owner != node)
            return $"is declared in the controller for {(owner is null ? "no node" : "node " + owner)}; set spec.node to {node} there";

        var account = existing.Spec?["serviceAccount"]?.ToString();
        return account == workload.ServiceAccount ? null : $"is declared in the controller with service account {account}, not {workload.ServiceAccount}";
    }

    private bool IsConnected(string? name) =>
        name is not null && resources.Find(new ResourceKey(Groups.Mesh, "Node", "", name))?.Status?["connected"]?.GetValue<bool>() == true;

    private static bool IsManaged(Resource workload) => workload.Annotations.ContainsKey(WorkloadRegistry.ManagedBy);

    private static Resource WithStatusOf(Resource wanted, Resource existing)
    {
        var document = wanted.Copy();
        if (existing.Status is { } status)
            document["status"] = status.DeepClone();

        return new Resource(wanted.Kind, document);
    }

    /// <summary>Workloads start before anybody has written configuration for their namespace; it holds nothing else until then.</summary>
    private void EnsureNamespace(string name)
    {
        if (resources.Find(new ResourceKey(Groups.Core, "Namespace", "", name)) is null && newNamespaces.Add(name))
            changes.Add(Change.Create(Namespaces.Make(name)));
    }

    private JsonObject Document(EnrolledWorkload workload) => new()
    {
        ["apiVersion"] = "mesh.internal/v1",
        ["kind"] = "Workload",
        ["metadata"] = new JsonObject
        {
            ["name"] = workload.Name,
            ["namespace"] = workload.Namespace,
            ["labels"] = new JsonObject(workload.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => KeyValuePair.Create<string, JsonNode?>(label.Key, label.Value))),
            ["annotations"] = new JsonObject { [WorkloadRegistry.ManagedBy] = node },
        },
        ["spec"] = new JsonObject
        {
            ["addresses"] = new JsonArray([.. workload.Addresses.Select(address => JsonValue.Create(Text(address.Span)))]),
            ["node"] = node,
            ["serviceAccount"] = workload.ServiceAccount.Length > 0 ? workload.ServiceAccount : "default",
            // A node of ours serves it; an older one that knows only HBONE says so in the handshake.
            ["tunnel"] = "Direct",
        },
    };

    private static string Text(ReadOnlySpan<byte> address) => address.Length is 4 or 16 ? Ip.FromBytes(address).ToString() : $"{address.Length} bytes";
}
