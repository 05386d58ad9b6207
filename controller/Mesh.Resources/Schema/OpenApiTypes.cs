using System.Text.Json.Nodes;

namespace Mesh.Resources.Schema;

/// <summary>JSON schema of a field type, as OpenAPI 3 writes it. Fields that are not supported yet are left out.</summary>
internal static class OpenApiTypes
{
    public static JsonObject Of(FieldType type) => type switch
    {
        ObjectType schema => Object(schema),
        ListType schema => List(schema),
        MapType schema => new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(schema.Value) },
        StringType schema => Text(schema),
        IntegerType schema => new JsonObject { ["type"] = "integer", ["format"] = "int64", ["minimum"] = schema.Min, ["maximum"] = schema.Max },
        NumberType schema => new JsonObject { ["type"] = "number", ["format"] = "double", ["minimum"] = schema.Min, ["maximum"] = schema.Max },
        BooleanType => new JsonObject { ["type"] = "boolean" },
        PortOrNameType => new JsonObject { ["x-kubernetes-int-or-string"] = true, ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }) },
        _ => new JsonObject { ["x-kubernetes-preserve-unknown-fields"] = true },
    };

    private static JsonObject Object(ObjectType schema)
    {
        var properties = new JsonObject();
        foreach (var field in schema.Fields.Where(field => field.NotYet is null))
        {
            var property = Of(field.Type);
            property["description"] = field.Doc;
            if (field.Default is not null)
                property["default"] = field.DefaultNode();
            properties[field.Name] = property;
        }

        var result = new JsonObject { ["type"] = "object", ["properties"] = properties };
        var required = schema.Fields.Where(field => field.Required).Select(field => JsonValue.Create(field.Name)).ToArray();
        if (required.Length > 0)
            result["required"] = new JsonArray([.. required]);

        return result;
    }

    private static JsonObject List(ListType schema)
    {
        var result = new JsonObject { ["type"] = "array", ["items"] = Of(schema.Item), ["x-kubernetes-list-type"] = schema.Keys.Count > 0 ? "map" : "atomic" };
        if (schema.Keys.Count > 0)
        {
            result["x-kubernetes-list-map-keys"] = new JsonArray([.. schema.Keys.Select(key => JsonValue.Create(key))]);
            result["x-kubernetes-patch-merge-key"] = schema.Keys[0];
            result["x-kubernetes-patch-strategy"] = "merge";
        }

        return result;
    }

    private static JsonObject Text(StringType schema)
    {
        var result = new JsonObject { ["type"] = "string" };
        if (schema.Values is { } values)
            result["enum"] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]);

        return result;
    }
}
