using System.Text.Json.Nodes;

namespace Mesh.Resources.Reading;

/// <summary>A document of a file as read, before anybody asked what it means.</summary>
public sealed record ParsedDocument(JsonNode? Root, SourceMap Source);
