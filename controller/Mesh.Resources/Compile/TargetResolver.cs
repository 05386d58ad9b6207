using System.Text.Json.Nodes;
using Mesh.Protocol.Config;
using Mesh.Resources.Kinds;
using Mesh.Resources.Schema;
using Mesh.Resources.Specs;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

/// <summary>What one policy is attached to. A target that does not exist (yet) is kept by its name; a port that cannot be found is a failure.</summary>
internal sealed class TargetResolver(CompileContext context, Resource policy)
{
    /// <summary>First thing that could not be found; null when all was.</summary>
    public string? Failure { get; private set; }

    public IReadOnlyList<Target> Resolve(PolicySpec spec)
    {
        if (spec.TargetRefs.Count > 0)
            return [.. spec.TargetRefs.Select(Resolve).OfType<Target>()];

        var target = new Target { Mesh = spec.Selector is null && policy.Namespace == context.Options.RootNamespace };
        foreach (var (key, value) in (spec.Selector?.MatchLabels ?? []).OrderBy(label => label.Key, StringComparer.Ordinal))
            target.Selector.Add(key, value);

        return [target];
    }

    private Target? Resolve(TargetRefSpec reference, int index)
    {
        if (reference.Kind == "Namespace")
            return new Target();

        var group = reference.Kind switch { "Workload" => Groups.Mesh, "Gateway" => Groups.Gateway, _ => Groups.Core };
        var key = new ResourceKey(group, reference.Kind, policy.Namespace, reference.Name);
        context.Referred.Add(key);
        var resource = context.Resources.Find(key);
        if (resource is null)
            Fail($"spec.targetRefs[{index}].name", $"{key} does not exist");

        if (reference.Kind == "Gateway")
            return Gateway(reference, index, key, resource);
        if (Port(reference, resource) is not { } port)
        {
            Fail($"spec.targetRefs[{index}].sectionName", $"{key} has no port {reference.SectionName}");
            return null;
        }

        return reference.Kind == "Workload" ? new Target { Workload = key.Path, Port = port } : new Target { Service = key.Path, Port = port };
    }

    private Target Gateway(TargetRefSpec reference, int index, ResourceKey key, Resource? gateway)
    {
        var listener = reference.SectionName?.ToString() ?? "";
        if (gateway is not null && listener.Length > 0 && gateway.SpecAs(SpecJson.Default.GatewaySpec).Listeners.All(candidate => candidate.Name != listener))
            Fail($"spec.targetRefs[{index}].sectionName", $"{key} has no listener {listener}");

        return new Target { Gateway = key.Path, Listener = listener };
    }

    private static uint? Port(TargetRefSpec reference, Resource? target)
    {
        if (reference.SectionName is not JsonValue section)
            return 0;
        if (JsonNumbers.TryInteger(section, out var number))
            return (uint)number;

        var name = section.ToString();
        return target?.Key.Kind switch
        {
            "Service" => target.SpecAs(SpecJson.Default.ServiceSpec).Ports.Where(port => port.Name == name).Select(port => (uint?)port.Port).FirstOrDefault(),
            "Workload" => target.SpecAs(SpecJson.Default.WorkloadSpec).Ports.TryGetValue(name, out var port) ? (uint)port : null,
            _ => null,
        };
    }

    private void Fail(string path, string message)
    {
        Failure ??= $"{path}: {message}";
        context.Problem(policy, path, ErrorReason.NotFound, message);
    }
}
