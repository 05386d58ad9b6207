using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Resources.Schema;

namespace Mesh.Resources.Validation;

/// <summary>Holds a value against its declared type and reports every difference with its path.</summary>
internal sealed class SchemaValidator(ErrorSink errors)
{
    public void Check(FieldType type, JsonNode? value, string path)
    {
        switch (type)
        {
            case ObjectType schema:
                CheckObject(schema, value, path);
                break;
            case ListType schema:
                CheckList(schema, value, path);
                break;
            case MapType schema:
                CheckMap(schema, value, path);
                break;
            case StringType schema:
                CheckString(schema, value, path);
                break;
            case IntegerType schema:
                CheckInteger(schema, value, path);
                break;
            case NumberType schema:
                CheckNumber(schema, value, path);
                break;
            case BooleanType when value is not JsonValue flag || flag.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False):
                WrongType("true or false", value, path);
                break;
            case PortOrNameType:
                CheckPortOrName(value, path);
                break;
        }
    }

    private void CheckObject(ObjectType schema, JsonNode? value, string path)
    {
        if (value is not JsonObject fields)
        {
            WrongType("an object", value, path);
            return;
        }

        foreach (var (name, field) in fields)
            CheckField(schema, name, field, Join(path, name));

        foreach (var field in schema.Fields)
        {
            if (field.Required && fields[field.Name] is null)
                errors.Add(Join(path, field.Name), ErrorReason.Required, "must be given");
        }

        schema.Check?.Invoke(new ObjectCheck(fields, path, errors));
    }

    private void CheckField(ObjectType schema, string name, JsonNode? value, string path)
    {
        switch (schema.Find(name))
        {
            case null:
                errors.Add(path, ErrorReason.Unknown, UnknownField(schema, name));
                break;
            case { NotYet: { } reason }:
                errors.Add(path, ErrorReason.NotSupported, reason);
                break;
            case { } field:
                Check(field.Type, value, path);
                break;
        }
    }

    private static string UnknownField(ObjectType schema, string name)
    {
        var near = schema.Fields.FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return near is null ? "unknown field" : $"unknown field; did you mean \"{near.Name}\"?";
    }

    private void CheckList(ListType schema, JsonNode? value, string path)
    {
        if (value is not JsonArray items)
        {
            WrongType("a list", value, path);
            return;
        }

        if (items.Count < schema.MinItems)
            errors.Add(path, ErrorReason.Required, $"must have at least {schema.MinItems} item{(schema.MinItems == 1 ? "" : "s")}");
        if (items.Count > schema.MaxItems)
            errors.Add(path, ErrorReason.TooLong, $"must have at most {schema.MaxItems} items, has {items.Count}");

        HashSet<string> seen = [];
        for (var i = 0; i < Math.Min(items.Count, schema.MaxItems); i++)
        {
            Check(schema.Item, items[i], $"{path}[{i}]");
            if (ListKeys.Of(schema, items[i]) is { } key && !seen.Add(key))
                errors.Add($"{path}[{i}]", ErrorReason.Duplicate, $"repeats {string.Join(", ", schema.Keys)} of an earlier item: {key}");
        }
    }

    private void CheckMap(MapType schema, JsonNode? value, string path)
    {
        if (value is not JsonObject entries)
        {
            WrongType("a map", value, path);
            return;
        }

        if (entries.Count > schema.MaxItems)
            errors.Add(path, ErrorReason.TooLong, $"must have at most {schema.MaxItems} entries, has {entries.Count}");

        foreach (var (key, entry) in entries.Take(schema.MaxItems))
        {
            var entryPath = $"{path}[{key}]";
            if (schema.KeyFormat?.Problem(key) is { } problem)
                errors.Add(entryPath, ErrorReason.Invalid, $"key {problem}");
            Check(schema.Value, entry, entryPath);
        }
    }

    private void CheckString(StringType schema, JsonNode? value, string path)
    {
        if (value is not JsonValue field || !field.TryGetValue(out string? text))
            WrongType("text", value, path);
        else if (text.Length < schema.MinLength)
            errors.Add(path, ErrorReason.Required, "must not be empty");
        else if (text.Length > schema.MaxLength)
            errors.Add(path, ErrorReason.TooLong, $"must be at most {schema.MaxLength} characters, is {text.Length}");
        else if (schema.NotYet.Contains(text))
            errors.Add(path, ErrorReason.NotSupported, $"\"{text}\" is not supported yet");
        else if (schema.Values is { } values && !values.Contains(text))
            errors.Add(path, ErrorReason.NotSupported, $"must be one of {string.Join(", ", values)}, is {Shown(value)}");
        else if (schema.Format?.Problem(text) is { } problem)
            errors.Add(path, ErrorReason.Invalid, $"{problem}, is {Shown(value)}");
    }

    private void CheckInteger(IntegerType schema, JsonNode? value, string path)
    {
        if (value is not JsonValue field || !JsonNumbers.TryInteger(field, out var number))
            WrongType("a whole number", value, path);
        else if (number < schema.Min || number > schema.Max)
            errors.Add(path, ErrorReason.Invalid, schema.Max == long.MaxValue ? $"must be at least {schema.Min}, is {number}" : $"must be between {schema.Min} and {schema.Max}, is {number}");
    }

    private void CheckNumber(NumberType schema, JsonNode? value, string path)
    {
        if (value is not JsonValue field || !JsonNumbers.TryReal(field, out double number))
            WrongType("a number", value, path);
        else if (!(number >= schema.Min && number <= schema.Max))
            errors.Add(path, ErrorReason.Invalid, FormattableString.Invariant($"must be between {schema.Min} and {schema.Max}, is {number}"));
    }

    private void CheckPortOrName(JsonNode? value, string path)
    {
        if (value is JsonValue field && field.TryGetValue(out string? name))
        {
            if (TextFormats.PortName.Problem(name) is { } problem)
                errors.Add(path, ErrorReason.Invalid, $"as a port name {problem}, is {Shown(value)}");
        }
        else if (value is JsonValue numeric && JsonNumbers.TryInteger(numeric, out _))
        {
            CheckInteger(Types.Port, value, path);
        }
        else
        {
            WrongType("a port number or name", value, path);
        }
    }

    private void WrongType(string wanted, JsonNode? value, string path) =>
        errors.Add(path, ErrorReason.Invalid, $"must be {wanted}, is {Shown(value)}");

    private static string Shown(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "an object",
        JsonArray => "a list",
        _ when value.ToJsonString() is { Length: > 80 } text => text[..80] + "…",
        _ => value.ToJsonString(),
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : path + "." + name;
}
