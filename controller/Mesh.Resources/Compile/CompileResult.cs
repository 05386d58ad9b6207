using System.Text.Json.Nodes;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

/// <param name="Graph">What nodes get.</param>
/// <param name="Statuses">Status fields to merge into each resource; conditions come without lastTransitionTime.</param>
/// <param name="Problems">References that do not resolve. Errors in files that stand alone, warnings where the missing part may still come.</param>
public sealed record CompileResult(CompiledGraph Graph, IReadOnlyDictionary<ResourceKey, JsonObject> Statuses, IReadOnlyList<ResourceError> Problems);
