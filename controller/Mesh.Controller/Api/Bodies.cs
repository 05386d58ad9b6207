using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Resources;
using Mesh.Resources.Validation;

namespace Mesh.Controller.Api;

/// <summary>From bodies of requests to resources that may be stored.</summary>
internal static class Bodies
{
    /// <summary>The body as a valid resource at the path.</summary>
    /// <param name="status">Status to keep: clients write it only through the status subresource.</param>
    public static Resource Resource(JsonObject body, ResourcePath path, JsonObject? status)
    {
        var document = body.DeepClone().AsObject();
        CheckIdentity(document, path);
        document["apiVersion"] = path.Kind.ApiVersion;
        document.Remove("status");
        if (status is not null)
            document["status"] = status.DeepClone();

        var (resource, errors) = ResourceValidator.Validate(document);
        return resource ?? throw ApiException.Invalid(path.Kind, document["metadata"]?["name"]?.ToString() ?? "", errors);
    }

    /// <summary>The body in place of an existing resource: all but status, or status alone through the status subresource.</summary>
    public static Resource Replacing(JsonObject body, ResourcePath path, Resource existing)
    {
        if (path.Subresource is null)
            return Resource(body, path, existing.Status);

        var document = existing.Copy();
        document["apiVersion"] = path.Kind.VersionOf(path.Version);
        return Resource(document, path, body["status"] as JsonObject ?? []);
    }

    /// <summary>resourceVersion of the body; null when the client does not care what it overwrites.</summary>
    public static long? ExpectedVersion(JsonNode? body)
    {
        var text = ((body as JsonObject)?["metadata"] as JsonObject)?["resourceVersion"]?.ToString();
        if (string.IsNullOrEmpty(text))
            return null;

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version : throw ApiException.BadRequest($"metadata.resourceVersion must be a version that the server gave, is \"{text}\"");
    }

    private static void CheckIdentity(JsonObject document, ResourcePath path)
    {
        var apiVersion = path.Kind.VersionOf(path.Version);
        Require(document, "apiVersion", apiVersion);
        Require(document, "kind", path.Kind.Kind);
        if (document["metadata"] is null)
            document["metadata"] = new JsonObject();
        if (document["metadata"] is not JsonObject metadata)
            return; // validation says what it must be

        if (path.Kind.Namespaced)
            Require(metadata, "namespace", path.Namespace);
        else if (metadata["namespace"]?.ToString() == "")
            metadata.Remove("namespace");
        if (path.Name is not null)
            Require(metadata, "name", path.Name);
    }

    private static void Require(JsonObject fields, string name, string wanted)
    {
        var given = fields[name]?.ToString();
        if (string.IsNullOrEmpty(given))
            fields[name] = wanted;
        else if (given != wanted)
            throw ApiException.BadRequest($"{name} of the body is \"{given}\", the path says \"{wanted}\"");
    }
}
