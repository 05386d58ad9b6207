using System.Text;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Reading;

/// <summary>Bytes to documents. YAML may hold several, JSON holds one.</summary>
public static class DocumentReader
{
    /// <param name="file">For messages; null over the API.</param>
    public static (IReadOnlyList<ParsedDocument> Documents, IReadOnlyList<ResourceError> Errors) ReadYaml(ReadOnlySpan<byte> utf8, string? file)
    {
        var text = Encoding.UTF8.GetString(utf8);
        return new YamlDocumentReader(file).Read(new StringReader(text));
    }

    public static (IReadOnlyList<ParsedDocument> Documents, IReadOnlyList<ResourceError> Errors) ReadJson(ReadOnlySpan<byte> utf8, string? file) =>
        new JsonDocumentReader(file).Read(utf8);
}
