using System.Globalization;

namespace Mesh.Soak.Serving;

/// <summary>A request's or a response's first line and fields, names in small letters.</summary>
internal sealed record RawHttpHead(string FirstLine, IReadOnlyDictionary<string, string> Fields)
{
    public string Target => FirstLine.Split(' ')[1];

    public int Status => int.Parse(FirstLine.Split(' ')[1], CultureInfo.InvariantCulture);

    public string Id => this["x-request-id"];

    public string this[string name] => Fields.GetValueOrDefault(name, "");

    public bool IsChunked => Fields.ContainsKey("transfer-encoding");

    /// <summary>-1: not declared.</summary>
    public long ContentLength => Fields.TryGetValue("content-length", out string? text) ? long.Parse(text, CultureInfo.InvariantCulture) : -1;
}
