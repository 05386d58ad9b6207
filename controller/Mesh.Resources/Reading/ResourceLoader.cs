using System.Text.Json.Nodes;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Reading;

/// <summary>Resources of files and folders: everything is read and every error reported, whatever fails before.</summary>
public static class ResourceLoader
{
    /// <summary>Far beyond any hand-written file; a bigger one is a mistake (a log, an image).</summary>
    private const long maxFileBytes = 32 * 1024 * 1024;

    private static readonly string[] extensions = [".yaml", ".yml", ".json"];

    /// <param name="paths">Files, or folders whose .yaml, .yml and .json files are read in order of their names, without subfolders.</param>
    public static LoadedResources LoadFiles(IEnumerable<string> paths)
    {
        var loaded = new LoadedResources.Builder();
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
            {
                foreach (var file in Directory.EnumerateFiles(path).Where(IsResourceFile).Order(StringComparer.Ordinal))
                    LoadFile(file, loaded);
            }
            else
            {
                LoadFile(path, loaded);
            }
        }

        return loaded.Build();
    }

    /// <param name="file">For messages; "-" for standard input.</param>
    /// <param name="json">A single JSON document instead of YAML documents.</param>
    public static LoadedResources Load(ReadOnlySpan<byte> utf8, string? file, bool json = false)
    {
        var loaded = new LoadedResources.Builder();
        Add(utf8, file, json, loaded);
        return loaded.Build();
    }

    private static bool IsResourceFile(string path) =>
        extensions.Contains(Path.GetExtension(path)) && !Path.GetFileName(path).StartsWith('.');

    private static void LoadFile(string path, LoadedResources.Builder loaded)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > maxFileBytes })
                loaded.Fail(new ResourceError("", ErrorReason.TooLong, $"is larger than {maxFileBytes} bytes") { File = path });
            else
                Add(File.ReadAllBytes(path), path, Path.GetExtension(path) == ".json", loaded);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            loaded.Fail(new ResourceError("", ErrorReason.NotFound, $"cannot be read: {failure.Message}") { File = path });
        }
    }

    private static void Add(ReadOnlySpan<byte> utf8, string? file, bool json, LoadedResources.Builder loaded)
    {
        var (documents, errors) = json ? DocumentReader.ReadJson(utf8, file) : DocumentReader.ReadYaml(utf8, file);
        foreach (var error in errors)
            loaded.Fail(error);

        foreach (var document in documents)
            AddDocument(document, loaded);
    }

    private static void AddDocument(ParsedDocument document, LoadedResources.Builder loaded)
    {
        if (document.Root is not JsonObject { } root || root["kind"]?.ToString() != "List" || root["items"] is not JsonArray items)
        {
            loaded.Add(ResourceValidator.Validate(document.Root, document.Source));
            return;
        }

        for (var i = items.Count - 1; i >= 0; i--)
        {
            var prefix = $"items[{i}].";
            var lines = document.Source.Lines.Where(line => line.Key.StartsWith(prefix, StringComparison.Ordinal))
                .ToDictionary(line => line.Key[prefix.Length..], line => line.Value);
            lines[""] = document.Source.LineOf($"items[{i}]");
            var item = items[i];
            items.RemoveAt(i);
            loaded.Add(ResourceValidator.Validate(item, document.Source with { Lines = lines }));
        }
    }
}
