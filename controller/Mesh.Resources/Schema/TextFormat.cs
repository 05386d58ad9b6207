namespace Mesh.Resources.Schema;

/// <summary>A form that text must have.</summary>
/// <param name="Name">OpenAPI format name.</param>
/// <param name="Problem">What is wrong with a value, phrased to follow the field path; null when nothing is.</param>
internal sealed record TextFormat(string Name, Func<string, string?> Problem);
