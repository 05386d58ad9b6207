using Mesh.Protocol.Config;
using Mesh.Resources.Kinds;
using Mesh.Resources.Specs;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

/// <summary>Backends of one route. One that cannot be resolved keeps its weight and its requests are answered 500, as Gateway API says.</summary>
internal sealed class BackendResolver(CompileContext context, Resource route)
{
    /// <summary>Reason of the condition ResolvedRefs: that of the first failure.</summary>
    public string Reason { get; private set; } = "ResolvedRefs";

    public string Message { get; private set; } = "every backend was found";

    /// <param name="references">Of the rule with that index.</param>
    public IEnumerable<Backend> Resolve(IReadOnlyList<BackendRefSpec> references, int ruleIndex)
    {
        for (var i = 0; i < references.Count; i++)
            yield return Resolve(references[i], $"spec.rules[{ruleIndex}].backendRefs[{i}]");
    }

    private Backend Resolve(BackendRefSpec reference, string path)
    {
        var key = new ResourceKey(Groups.Core, "Service", reference.Namespace ?? route.Namespace, reference.Name);
        var (field, reason, message) = Problem(key, reference.Port);
        if (reason.Length > 0)
        {
            context.Problem(route, $"{path}.{field}", ErrorReason.NotFound, message);
            (Reason, Message) = Reason == "ResolvedRefs" ? (reason, $"{path}: {message}") : (Reason, Message);
        }

        var backend = new Backend { Service = key.Path, Port = (uint)reference.Port, Weight = reference.Weight, InvalidReason = reason.Length > 0 ? $"{reason}: {message}" : "" };
        backend.Filters.AddRange(reference.Filters.Select(HttpFilterCompiler.Compile));
        return backend;
    }

    private (string Field, string Reason, string Message) Problem(ResourceKey key, int port)
    {
        // Asked first, so that nobody learns from a status what exists in a namespace that has granted nothing.
        if (key.Namespace != route.Namespace && !Granted(key))
            return ("namespace", "RefNotPermitted", $"no ReferenceGrant in namespace {key.Namespace} lets {route.Key.Kind}s of {route.Namespace} refer to {key}");
        if (context.Resources.Find(key) is not { } service)
            return ("name", "BackendNotFound", $"{key} does not exist");

        var ports = service.SpecAs(SpecJson.Default.ServiceSpec).Ports;
        return ports.Any(candidate => candidate.Port == port) ? ("", "", "")
            : ("port", "BackendNotFound", $"{key} has no port {port}; it has {string.Join(", ", ports.Select(candidate => candidate.Port))}");
    }

    private bool Granted(ResourceKey target) => context.Resources.OfKind("ReferenceGrant")
        .Where(grant => grant.Namespace == target.Namespace)
        .Select(grant => grant.SpecAs(SpecJson.Default.ReferenceGrantSpec))
        .Any(grant => grant.From.Any(from => from.Kind == route.Key.Kind && from.Namespace == route.Namespace)
            && grant.To.Any(to => to.Name is null || to.Name == target.Name));
}
