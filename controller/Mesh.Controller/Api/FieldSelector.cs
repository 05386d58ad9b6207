using Mesh.Resources;

namespace Mesh.Controller.Api;

/// <summary>Field selectors on metadata.name and metadata.namespace, as Kubernetes offers for every kind.</summary>
internal static class FieldSelector
{
    public static IReadOnlyList<Func<Resource, bool>> Parse(string text) =>
        text.Length == 0 ? [] : [.. text.Split(',').Select(Requirement)];

    private static Func<Resource, bool> Requirement(string part)
    {
        var differs = part.Contains("!=", StringComparison.Ordinal);
        var sides = part.Split(differs ? "!=" : part.Contains("==", StringComparison.Ordinal) ? "==" : "=");
        if (sides is not [var field, var value])
            throw ApiException.BadRequest($"fieldSelector: \"{part}\" is none of field=value, field!=value");

        return field switch
        {
            "metadata.name" => resource => (resource.Name == value) != differs,
            "metadata.namespace" => resource => (resource.Namespace == value) != differs,
            _ => throw ApiException.BadRequest($"fieldSelector: \"{field}\" is not supported; use metadata.name or metadata.namespace"),
        };
    }
}
