using System.Text.Json.Nodes;
using Mesh.Resources.Validation;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Mesh.Resources.Reading;

/// <summary>
/// YAML to JSON with the line of every field. Works on parser events, so that documents before a syntax error survive it.
/// YAML 1.2 core schema: yes, no, on and off are text. Duplicate keys are errors, aliases are expanded within a budget.
/// </summary>
internal sealed class YamlDocumentReader(string? file)
{
    private readonly List<ParsedDocument> documents = [];
    private readonly List<ResourceError> errors = [];
    private readonly Dictionary<AnchorName, (JsonNode? Node, int Values)> anchors = [];
    private Dictionary<string, int> lines = [];
    private int values;

    public (IReadOnlyList<ParsedDocument> Documents, IReadOnlyList<ResourceError> Errors) Read(TextReader text)
    {
        var parser = new Parser(text);
        try
        {
            parser.Consume<StreamStart>();
            while (parser.TryConsume<DocumentStart>(out _))
                ReadDocument(parser);
        }
        catch (YamlException malformed)
        {
            var reason = (malformed.InnerException ?? malformed).Message;
            errors.Add(new ResourceError("", ErrorReason.Malformed, $"malformed YAML: {reason}") { File = file, Line = (int)malformed.Start.Line });
        }
        catch (Exception malformed) when (malformed is InvalidOperationException or ArgumentException) // the scanner trips over some malformed text and tags
        {
            var line = (int)(parser.Current?.End.Line ?? 0);
            errors.Add(new ResourceError("", ErrorReason.Malformed, "malformed YAML: text that cannot be read after this line") { File = file, Line = line });
        }

        return (documents, errors);
    }

    private void ReadDocument(Parser parser)
    {
        lines = [];
        anchors.Clear();
        var root = ReadNode(parser, "", 0);
        parser.Consume<DocumentEnd>();
        if (root is not null)
            documents.Add(new ParsedDocument(root, new SourceMap(file, lines)));
    }

    private JsonNode? ReadNode(Parser parser, string path, int depth)
    {
        var current = parser.Consume<ParsingEvent>();
        if (depth > DocumentLimits.MaxDepth)
            throw new YamlException(current.Start, current.End, $"nested deeper than {DocumentLimits.MaxDepth} levels");

        Spend(current, 1);
        lines.TryAdd(path, (int)current.Start.Line);
        var before = values;
        JsonNode? node = current switch
        {
            Scalar scalar => YamlScalars.ToJson(scalar),
            MappingStart => ReadMapping(parser, path, depth),
            SequenceStart => ReadSequence(parser, path, depth),
            AnchorAlias alias => Expand(alias),
            _ => throw new YamlException(current.Start, current.End, "unexpected content"),
        };
        if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
            anchors[anchored.Anchor] = (node, values - before + 1);

        return node;
    }

    private JsonObject ReadMapping(Parser parser, string path, int depth)
    {
        var result = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var key))
                throw new YamlException(parser.Current!.Start, parser.Current.End, "a key must be plain text");

            var keyPath = path.Length == 0 ? key.Value : key.Value.AsSpan().IndexOfAny('.', '/') >= 0 ? $"{path}[{key.Value}]" : $"{path}.{key.Value}";
            if (result.ContainsKey(key.Value))
                errors.Add(new ResourceError(keyPath, ErrorReason.Duplicate, "given twice") { File = file, Line = (int)key.Start.Line });

            lines[keyPath] = (int)key.Start.Line;
            result[key.Value] = ReadNode(parser, keyPath, depth + 1);
        }

        return result;
    }

    private JsonArray ReadSequence(Parser parser, string path, int depth)
    {
        var result = new JsonArray();
        while (!parser.TryConsume<SequenceEnd>(out _))
            result.Add(ReadNode(parser, $"{path}[{result.Count}]", depth + 1));

        return result;
    }

    private JsonNode? Expand(AnchorAlias alias)
    {
        if (!anchors.TryGetValue(alias.Value, out var anchored))
            throw new YamlException(alias.Start, alias.End, $"alias *{alias.Value} has no anchor before it");

        Spend(alias, anchored.Values);
        return anchored.Node?.DeepClone();
    }

    private void Spend(ParsingEvent at, int count)
    {
        values += count;
        if (values > DocumentLimits.MaxValues)
            throw new YamlException(at.Start, at.End, $"more than {DocumentLimits.MaxValues} values, counting aliases");
    }
}
