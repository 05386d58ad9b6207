using System.Text.Json.Nodes;
using Mesh.Resources.Kinds;
using Mesh.Resources.Reading;
using Mesh.Resources.Schema;

namespace Mesh.Resources.Validation;

/// <summary>From a document to a valid, defaulted resource, or to every reason why it is none.</summary>
public static class ResourceValidator
{
    /// <param name="document">Taken over: defaults are filled in.</param>
    public static (Resource? Resource, IReadOnlyList<ResourceError> Errors) Validate(JsonNode? document, SourceMap? source = null)
    {
        var errors = new ErrorSink();
        var resource = Check(document, source, errors);
        return errors.Errors.Count == 0 ? (resource, []) : (null, Located(errors.Errors, Describe(document), source));
    }

    private static Resource? Check(JsonNode? document, SourceMap? source, ErrorSink errors)
    {
        if (document is not JsonObject fields)
        {
            errors.Add("", ErrorReason.Invalid, "a resource must be an object with apiVersion, kind and metadata");
            return null;
        }

        if (FindKind(fields, errors) is not { } kind)
            return null;

        Defaulter.Apply(kind.Document, fields);
        new SchemaValidator(errors).Check(kind.Document, fields, "");
        return errors.Errors.Count == 0 ? new Resource(kind, fields, source) : null;
    }

    private static KindSchema? FindKind(JsonObject fields, ErrorSink errors)
    {
        var (apiVersion, kind) = (Text(fields, "apiVersion"), Text(fields, "kind"));
        if (apiVersion is null)
            errors.Add("apiVersion", ErrorReason.Required, "must be given as text, e.g. v1 or mesh.internal/v1");
        if (kind is null)
            errors.Add("kind", ErrorReason.Required, "must be given as text, e.g. Service");
        if (apiVersion is null || kind is null)
            return null;

        var sameKind = KindCatalog.All.Where(schema => schema.Kind == kind).ToList();
        if (sameKind.Count == 0)
            errors.Add("kind", ErrorReason.NotSupported, $"unknown kind \"{kind}\"; known are {string.Join(", ", KindCatalog.All.Select(schema => schema.Kind))}");
        else if (sameKind.FirstOrDefault(schema => schema.Versions.Any(version => schema.VersionOf(version) == apiVersion)) is { } found)
            return found;
        else
            errors.Add("apiVersion", ErrorReason.NotSupported, $"unknown apiVersion \"{apiVersion}\" of {kind}; it is served as {string.Join(", ", sameKind.SelectMany(schema => schema.Versions.Select(schema.VersionOf)))}");

        return null;
    }

    private static IReadOnlyList<ResourceError> Located(IReadOnlyList<ResourceError> errors, string resource, SourceMap? source) =>
        [.. errors.Select(error => error with { Resource = resource, File = source?.File, Line = source?.LineOf(error.Path) ?? 0 })];

    private static string Describe(JsonNode? document)
    {
        if (document is not JsonObject fields)
            return "";

        var metadata = fields["metadata"] as JsonObject ?? [];
        var name = Text(metadata, "name") ?? Text(metadata, "generateName");
        var path = Text(metadata, "namespace") is { } space ? space + "/" + name : name;
        return $"{Text(fields, "kind")} {path}".Trim();
    }

    private static string? Text(JsonObject fields, string name) => fields[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
