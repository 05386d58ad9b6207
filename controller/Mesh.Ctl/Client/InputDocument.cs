using System.Text.Json.Nodes;
using Mesh.Resources.Reading;
using Mesh.Resources.Validation;

namespace Mesh.Ctl.Client;

/// <summary>A document of -f: a file, the files of a folder, or standard input as "-".</summary>
internal sealed record InputDocument(JsonObject Root, SourceMap Source)
{
    private static readonly string[] extensions = [".yaml", ".yml", ".json"];

    public string Kind => Root["kind"]?.ToString() ?? "";

    public string ApiVersion => Root["apiVersion"]?.ToString() ?? "";

    public string Name => (Root["metadata"] as JsonObject)?["name"]?.ToString() ?? "";

    public string? Namespace => (Root["metadata"] as JsonObject)?["namespace"]?.ToString();

    /// <returns>Documents in order, and every file or document that could not be read.</returns>
    public static (IReadOnlyList<InputDocument> Documents, IReadOnlyList<ResourceError> Errors) ReadAll(IEnumerable<string> paths)
    {
        List<InputDocument> documents = [];
        List<ResourceError> errors = [];
        foreach (var path in paths.SelectMany(Expand))
        {
            try
            {
                var (parsed, failures) = Parse(path);
                errors.AddRange(failures);
                foreach (var document in parsed)
                    Add(document, documents, errors);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                errors.Add(new ResourceError("", ErrorReason.NotFound, $"cannot be read: {failure.Message}") { File = path });
            }
        }

        return (documents, errors);
    }

    private static IEnumerable<string> Expand(string path) => Directory.Exists(path)
        ? Directory.EnumerateFiles(path).Where(file => extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal)
        : [path];

    private static (IReadOnlyList<ParsedDocument> Documents, IReadOnlyList<ResourceError> Errors) Parse(string path)
    {
        if (path != "-")
            return Path.GetExtension(path) == ".json" ? DocumentReader.ReadJson(File.ReadAllBytes(path), path) : DocumentReader.ReadYaml(File.ReadAllBytes(path), path);

        using var copy = new MemoryStream();
        using var input = Console.OpenStandardInput();
        input.CopyTo(copy);
        return DocumentReader.ReadYaml(copy.ToArray(), "-");
    }

    private static void Add(ParsedDocument document, List<InputDocument> documents, List<ResourceError> errors)
    {
        if (document.Root is JsonObject list && list["kind"]?.ToString() == "List" && list["items"] is JsonArray items)
            documents.AddRange(items.OfType<JsonObject>().Select((item, i) => new InputDocument(item.DeepClone().AsObject(), document.Source with { Lines = Below(document.Source, $"items[{i}]") })));
        else if (document.Root is JsonObject root)
            documents.Add(new InputDocument(root, document.Source));
        else
            errors.Add(new ResourceError("", ErrorReason.Invalid, "a document must be an object") { File = document.Source.File, Line = document.Source.LineOf("") });
    }

    private static Dictionary<string, int> Below(SourceMap source, string prefix)
    {
        var lines = source.Lines.Where(line => line.Key.StartsWith(prefix + ".", StringComparison.Ordinal)).ToDictionary(line => line.Key[(prefix.Length + 1)..], line => line.Value);
        lines[""] = source.LineOf(prefix);
        return lines;
    }
}
