using System.Text.Json.Nodes;
using Mesh.Resources.Schema;

namespace Mesh.Resources.Validation;

/// <summary>Fills in the defaults of a schema and drops nulls, which mean "absent". Values of the wrong type are left for the validator.</summary>
internal static class Defaulter
{
    public static void Apply(FieldType type, JsonNode? value)
    {
        switch (type, value)
        {
            case (ObjectType schema, JsonObject fields):
                ApplyObject(schema, fields);
                break;
            case (ListType schema, JsonArray items):
                foreach (var item in items)
                    Apply(schema.Item, item);
                break;
            case (MapType schema, JsonObject entries):
                foreach (var (_, entry) in entries)
                    Apply(schema.Value, entry);
                break;
        }
    }

    private static void ApplyObject(ObjectType schema, JsonObject fields)
    {
        foreach (var name in fields.Where(field => field.Value is null).Select(field => field.Key).ToList())
            fields.Remove(name);

        foreach (var field in schema.Fields)
        {
            if (field.Default is not null && fields[field.Name] is null)
                fields[field.Name] = field.DefaultNode();

            Apply(field.Type, fields[field.Name]);
        }
    }
}
