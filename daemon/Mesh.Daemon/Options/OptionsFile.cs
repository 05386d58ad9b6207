using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Mesh.Daemon.Options;

/// <summary>Reads meshd.yaml. Every error is collected as "file:line: path: what is wrong".</summary>
internal sealed class OptionsFile
{
    private const int MaxFileBytes = 1024 * 1024; // a real one has a few hundred

    private readonly string file;
    private readonly List<string> errors;
    private MeshdOptions options;

    private OptionsFile(string file, MeshdOptions options, List<string> errors) => (this.file, this.options, this.errors) = (file, options, errors);

    /// <summary>The options with the file's values set; what is wrong is added to the errors and not set.</summary>
    internal static MeshdOptions Read(string path, MeshdOptions options, List<string> errors)
    {
        var reader = new OptionsFile(path, options, errors);
        try
        {
            if (new FileInfo(path).Length > MaxFileBytes) errors.Add($"{path}: larger than {MaxFileBytes} bytes, so it is not a configuration of meshd");
            else reader.Parse(File.ReadAllText(path, Encoding.UTF8));
        }
        catch (YamlException error)
        {
            errors.Add($"{path}:{error.Start.Line}: not valid YAML: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: cannot be read: {error.Message}");
        }
        return reader.options;
    }

    private void Parse(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        if (yaml.Documents.Count == 0) return;
        if (yaml.Documents.Count > 1)
        {
            Report(yaml.Documents[1].RootNode, "", "only one YAML document is expected");
            return;
        }
        var root = yaml.Documents[0].RootNode;
        if (root is YamlMappingNode mapping) Walk(mapping, "");
        else if (!IsNull(root)) Report(root, "", "keys and values are expected");
    }

    private void Walk(YamlMappingNode mapping, string prefix)
    {
        foreach (var (key, value) in mapping.Children)
        {
            string path = prefix + (key as YamlScalarNode)?.Value;
            if (Find(path) is { } option) Set(option, value);
            else if (IsSection(path)) Descend(path, value);
            else Report(key, path, $"unknown key; known here are {KnownKeys(prefix)}");
        }
    }

    private void Descend(string path, YamlNode value)
    {
        if (value is YamlMappingNode section) Walk(section, path + ".");
        else if (!IsNull(value)) Report(value, path, $"keys and values are expected, not {Kind(value)}");
    }

    private void Set(OptionDeclaration option, YamlNode value)
    {
        if (IsNull(value)) return;
        if (option.IsList) SetList(option, value);
        else if (value is YamlScalarNode { Value: { } text }) Apply(option, value, [text]);
        else Report(value, option.Path, $"one value is expected, not {Kind(value)}");
    }

    private void SetList(OptionDeclaration option, YamlNode value)
    {
        if (value is not YamlSequenceNode sequence)
        {
            Report(value, option.Path, $"a list is expected, not {Kind(value)}");
            return;
        }
        var texts = new List<string>();
        for (int i = 0; i < sequence.Children.Count; i++)
        {
            if (sequence.Children[i] is YamlScalarNode { Value: { } text }) texts.Add(text);
            else Report(sequence.Children[i], $"{option.Path}[{i}]", $"one value is expected, not {Kind(sequence.Children[i])}");
        }
        Apply(option, value, texts);
    }

    private void Apply(OptionDeclaration option, YamlNode at, IReadOnlyList<string> texts)
    {
        try
        {
            options = option.Apply(options, texts, Path.GetDirectoryName(Path.GetFullPath(file))!);
        }
        catch (FormatException error)
        {
            Report(at, option.Path, error.Message);
        }
    }

    private void Report(YamlNode at, string path, string problem) =>
        errors.Add(path.Length > 0 ? $"{file}:{at.Start.Line}: {path}: {problem}" : $"{file}:{at.Start.Line}: {problem}");

    private static OptionDeclaration? Find(string path) => OptionTable.All.FirstOrDefault(option => option.Path == path);

    private static bool IsSection(string path) => OptionTable.All.Any(option => option.Path.StartsWith(path + ".", StringComparison.Ordinal));

    private static string KnownKeys(string prefix) => string.Join(", ", OptionTable.All
        .Where(option => option.Path.StartsWith(prefix, StringComparison.Ordinal))
        .Select(option => option.Path[prefix.Length..].Split('.')[0])
        .Distinct());

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" };

    private static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        _ => "a single value",
    };
}
