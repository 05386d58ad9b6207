using System.Text.Json.Nodes;

namespace Mesh.Resources.Schema;

/// <summary>OpenAPI 3 document of one group and version, made from the declared fields: for kubectl explain and its checks, and for the reference page.</summary>
public static class OpenApiDocument
{
    private static readonly string[] patchTypes =
        ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];

    public static JsonObject Of(IEnumerable<KindSchema> kinds, string group, string version, string programVersion)
    {
        var (paths, schemas) = (new JsonObject(), new JsonObject());
        foreach (var kind in kinds.Where(kind => kind.Group == group && kind.Versions.Contains(version)))
        {
            schemas[SchemaName(kind, version)] = DocumentSchema(kind, version);
            AddPaths(paths, kind, version);
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Mesh", ["version"] = programVersion },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static void AddPaths(JsonObject paths, KindSchema kind, string version)
    {
        var root = kind.Group.Length == 0 ? $"/api/{version}" : $"/apis/{kind.Group}/{version}";
        var collection = kind.Namespaced ? $"{root}/namespaces/{{namespace}}/{kind.Plural}" : $"{root}/{kind.Plural}";
        paths[collection] = new JsonObject
        {
            ["get"] = Operation(kind, version, "list", []),
            ["post"] = Operation(kind, version, "post", ["application/json", "application/yaml"]),
        };
        paths[collection + "/{name}"] = new JsonObject
        {
            ["get"] = Operation(kind, version, "get", []),
            ["put"] = Operation(kind, version, "put", ["application/json", "application/yaml"]),
            ["patch"] = Operation(kind, version, "patch", patchTypes),
            ["delete"] = Operation(kind, version, "delete", []),
        };
    }

    private static JsonObject Operation(KindSchema kind, string version, string action, IReadOnlyList<string> bodies)
    {
        var operation = new JsonObject
        {
            ["operationId"] = $"{action}{kind.Group.Replace(".", "", StringComparison.Ordinal)}{version}{kind.Kind}",
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = GroupVersionKind(kind, version),
            ["parameters"] = new JsonArray([.. new[] { "dryRun", "fieldManager", "fieldValidation", "force" }.Select(name => new JsonObject
            {
                ["name"] = name,
                ["in"] = "query",
                ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
            })]),
            ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK", ["content"] = Content(["application/json"], kind, version) } },
        };
        if (bodies.Count > 0)
            operation["requestBody"] = new JsonObject { ["content"] = Content(bodies, kind, version) };

        return operation;
    }

    private static JsonObject Content(IReadOnlyList<string> types, KindSchema kind, string version) =>
        new(types.Select(type => KeyValuePair.Create<string, JsonNode?>(type, new JsonObject
        {
            ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/" + SchemaName(kind, version) },
        })));

    private static JsonObject DocumentSchema(KindSchema kind, string version)
    {
        var schema = OpenApiTypes.Of(kind.Document);
        schema["description"] = kind.Doc;
        schema["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(kind, version));
        return schema;
    }

    private static JsonObject GroupVersionKind(KindSchema kind, string version) => new() { ["group"] = kind.Group, ["version"] = version, ["kind"] = kind.Kind };

    private static string SchemaName(KindSchema kind, string version)
    {
        var group = kind.Group.Length == 0 ? "io.k8s.api.core" : string.Join('.', kind.Group.Split('.').Reverse());
        return $"{group}.{version}.{kind.Kind}";
    }
}
