namespace Mesh.Resources.Schema;

/// <param name="Wide">Shown only with -o wide.</param>
public sealed record Column(string Name, string Doc, Func<Resource, string> Value, bool Wide = false);
