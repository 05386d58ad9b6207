using System.Text.Json.Nodes;
using Mesh.Resources;
using Mesh.Resources.Validation;

namespace Mesh.Scale;

/// <summary>Services over a hundred namespaces, each with its share of workloads, as an operator would have them.</summary>
internal sealed class ScaleWorld(int services, int workloads)
{
    private const int Namespaces = 100;

    public int Services => services;
    public int Workloads => workloads;

    public IEnumerable<Resource> All =>
        Enumerable.Range(0, Namespaces).Select(static i => Make("v1", "Namespace", $"team-{i}", null, []))
            .Concat(Enumerable.Range(0, services).Select(ServiceOf))
            .Concat(Enumerable.Range(0, workloads).Select(i => WorkloadOf(i)));

    /// <param name="round">Another round is another address.</param>
    public Resource WorkloadOf(int i, int round = 0)
    {
        int service = i % services;
        return Make("mesh.internal/v1", "Workload", $"app-{service}-{i / services}-x7k2q", Space(service), new JsonObject
        {
            ["addresses"] = new JsonArray($"10.{100 + round % 100}.{i / 250 % 250}.{i % 250 + 1}".Replace("10.100.", $"10.{i / 62500}.")),
            ["node"] = $"node-{i % 500}",
            ["serviceAccount"] = $"app-{service}",
        }, new JsonObject { ["app"] = $"app-{service}", ["version"] = "v1", ["tier"] = "backend" });
    }

    private static Resource ServiceOf(int i) => Make("v1", "Service", $"app-{i}", Space(i), new JsonObject
    {
        ["selector"] = new JsonObject { ["app"] = $"app-{i}" },
        ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 80, ["targetPort"] = 8080 }),
    });

    private static string Space(int service) => $"team-{service % Namespaces}";

    public static Resource Make(string version, string kind, string name, string? space, JsonObject spec, JsonObject? labels = null)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (space is not null) metadata["namespace"] = space;
        if (labels is not null) metadata["labels"] = labels;
        var (resource, errors) = ResourceValidator.Validate(new JsonObject { ["apiVersion"] = version, ["kind"] = kind, ["metadata"] = metadata, ["spec"] = spec });
        return resource ?? throw new InvalidOperationException(string.Join("; ", errors));
    }
}
