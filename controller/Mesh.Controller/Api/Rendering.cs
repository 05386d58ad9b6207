using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Resources;
using Microsoft.AspNetCore.Http;

namespace Mesh.Controller.Api;

/// <summary>Resources in the form that the client asked for: of the path's version, as themselves or as table rows.</summary>
internal sealed class Rendering(ResourcePath path, bool asTable, bool wholeObjects, DateTimeOffset now)
{
    /// <exception cref="ApiException">The client accepts nothing that we have.</exception>
    public static Rendering For(HttpRequest request, ResourcePath path, DateTimeOffset now)
    {
        var accept = request.Headers.Accept.ToString();
        if (accept.Length > 0 && !accept.Contains("json", StringComparison.Ordinal) && !accept.Contains("*/*", StringComparison.Ordinal) && !accept.Contains("application/*", StringComparison.Ordinal))
            throw ApiException.NotAcceptable();

        return new Rendering(path, accept.Contains("as=Table", StringComparison.Ordinal), request.Query["includeObject"] == "Object", now);
    }

    /// <summary>One resource alone.</summary>
    public JsonObject Single(Resource resource) => asTable ? Table([resource], resource.ResourceVersion, null) : Object(resource);

    public JsonObject List(IReadOnlyList<Resource> items, long version, string? continueToken)
    {
        if (asTable)
            return Table(items, version, continueToken);

        return new JsonObject
        {
            ["apiVersion"] = path.Kind.VersionOf(path.Version),
            ["kind"] = path.Kind.Kind + "List",
            ["metadata"] = ListMetadata(version, continueToken),
            ["items"] = new JsonArray([.. items.Select(Object)]),
        };
    }

    public JsonObject Bookmark(long version, bool endOfInitialEvents)
    {
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (endOfInitialEvents)
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };

        return new JsonObject { ["apiVersion"] = path.Kind.VersionOf(path.Version), ["kind"] = path.Kind.Kind, ["metadata"] = metadata };
    }

    private JsonObject Object(Resource resource)
    {
        var document = resource.Copy();
        document["apiVersion"] = path.Kind.VersionOf(path.Version);
        return document;
    }

    private JsonObject Table(IReadOnlyList<Resource> items, long version, string? continueToken) => new()
    {
        ["apiVersion"] = "meta.k8s.io/v1",
        ["kind"] = "Table",
        ["metadata"] = ListMetadata(version, continueToken),
        ["columnDefinitions"] = new JsonArray([.. Columns()]),
        ["rows"] = new JsonArray([.. items.Select(Row)]),
    };

    private IEnumerable<JsonObject> Columns()
    {
        yield return Column("Name", "Name of the resource.", wide: false, format: "name");
        foreach (var column in path.Kind.Columns)
            yield return Column(column.Name, column.Doc, column.Wide);

        yield return Column("Age", "Time since the resource was made.", wide: false);
    }

    private static JsonObject Column(string name, string doc, bool wide, string format = "") =>
        new() { ["name"] = name, ["type"] = "string", ["format"] = format, ["description"] = doc, ["priority"] = wide ? 1 : 0 };

    private JsonObject Row(Resource resource)
    {
        JsonArray cells = [JsonValue.Create(resource.Name), .. path.Kind.Columns.Select(column => JsonValue.Create(column.Value(resource))), JsonValue.Create(Age(resource))];
        return new JsonObject
        {
            ["cells"] = cells,
            ["object"] = wholeObjects ? Object(resource) : new JsonObject
            {
                ["kind"] = "PartialObjectMetadata",
                ["apiVersion"] = "meta.k8s.io/v1",
                ["metadata"] = resource.Metadata.DeepClone(),
            },
        };
    }

    private string Age(Resource resource) => (now - resource.Created) switch
    {
        { TotalSeconds: < 120 } age => $"{(int)Math.Max(0, age.TotalSeconds)}s",
        { TotalMinutes: < 120 } age => $"{(int)age.TotalMinutes}m",
        { TotalHours: < 48 } age => $"{(int)age.TotalHours}h",
        var age => $"{(int)age.TotalDays}d",
    };

    private static JsonObject ListMetadata(long version, string? continueToken)
    {
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (continueToken is not null)
            metadata["continue"] = continueToken;

        return metadata;
    }
}
