using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Reading;

/// <summary>JSON with the line of every field. Duplicate keys are errors; comments and trailing commas are malformed.</summary>
internal sealed class JsonDocumentReader(string? file)
{
    private readonly List<ResourceError> errors = [];
    private readonly Dictionary<string, int> lines = [];
    private int countedBytes;
    private int line = 1;

    public (IReadOnlyList<ParsedDocument> Documents, IReadOnlyList<ResourceError> Errors) Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DocumentLimits.MaxDepth });
            reader.Read();
            var root = ReadValue(ref reader, utf8, "");
            while (reader.Read())
            {
                // reads to the end, so that anything after the value is reported
            }

            return (root is null ? [] : [new ParsedDocument(root, new SourceMap(file, lines))], errors);
        }
        catch (JsonException malformed)
        {
            var where = malformed.LineNumber is { } zeroBased ? (int)zeroBased + 1 : 0;
            errors.Add(new ResourceError("", ErrorReason.Malformed, $"malformed JSON: {malformed.Message}") { File = file, Line = where });
            return ([], errors);
        }
    }

    private JsonNode? ReadValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8, string path)
    {
        lines.TryAdd(path, LineAt(utf8, (int)reader.TokenStartIndex));
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, utf8, path);
            case JsonTokenType.StartArray:
                var items = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(ReadValue(ref reader, utf8, $"{path}[{items.Count}]"));
                return items;
            case JsonTokenType.String:
                return JsonValue.Create(TextOf(ref reader));
            case JsonTokenType.True or JsonTokenType.False:
                return JsonValue.Create(reader.GetBoolean());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? JsonValue.Create(whole) : JsonValue.Create(NumberOf(ref reader));
            default:
                return null;
        }
    }

    private JsonObject ReadObject(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8, string path)
    {
        var result = new JsonObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = TextOf(ref reader);
            var fieldPath = path.Length == 0 ? name : name.AsSpan().IndexOfAny('.', '/') >= 0 ? $"{path}[{name}]" : $"{path}.{name}";
            var at = LineAt(utf8, (int)reader.TokenStartIndex);
            if (result.ContainsKey(name))
                errors.Add(new ResourceError(fieldPath, ErrorReason.Duplicate, "given twice") { File = file, Line = at });

            lines[fieldPath] = at;
            reader.Read();
            result[name] = ReadValue(ref reader, utf8, fieldPath);
        }

        return result;
    }

    private string TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new JsonException("text holds bytes that are not UTF-8 or half of a surrogate pair", null, line - 1, null);
        }
    }

    /// <summary>A number beyond the range reads as infinity, which JSON cannot write.</summary>
    private double NumberOf(ref Utf8JsonReader reader) => reader.GetDouble() is var number && double.IsFinite(number)
        ? number
        : throw new JsonException("a number is out of range", null, line - 1, null);

    // Tokens come in order, so each byte is looked at once.
    private int LineAt(ReadOnlySpan<byte> utf8, int offset)
    {
        line += utf8[countedBytes..offset].Count((byte)'\n');
        countedBytes = offset;
        return line;
    }
}
