using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Mesh.Resources.Reading;
using Mesh.Resources.Schema;

namespace Mesh.Resources;

/// <summary>
/// A valid, defaulted resource. The document is shared by everybody who holds the resource and must not be changed:
/// whoever wants another content copies it first (<see cref="Copy"/>).
/// </summary>
public sealed class Resource
{
    private object? typedSpec;

    public Resource(KindSchema kind, JsonObject document, SourceMap? source = null)
    {
        Kind = kind;
        Document = document;
        Source = source;
        Metadata = document["metadata"] as JsonObject ?? [];
        Key = new ResourceKey(kind.Group, kind.Kind, kind.Namespaced ? Text(Metadata, "namespace") ?? "default" : "", Text(Metadata, "name") ?? "");
        Labels = Map(Metadata["labels"]);
        Annotations = Map(Metadata["annotations"]);
    }

    public KindSchema Kind { get; }

    public JsonObject Document { get; }

    public JsonObject Metadata { get; }

    public ResourceKey Key { get; }

    /// <summary>Where the resource was read from; null when it came over the API.</summary>
    public SourceMap? Source { get; }

    public string Namespace => Key.Namespace;

    public string Name => Key.Name;

    public IReadOnlyDictionary<string, string> Labels { get; }

    public IReadOnlyDictionary<string, string> Annotations { get; }

    public JsonObject? Spec => Document["spec"] as JsonObject;

    public JsonObject? Status => Document["status"] as JsonObject;

    public string? Uid => Text(Metadata, "uid");

    public long Generation => Metadata["generation"] is JsonValue value && JsonNumbers.TryInteger(value, out var number) ? number : 0;

    /// <summary>Version of the store at the last change; 0 when it was never stored.</summary>
    public long ResourceVersion => long.TryParse(Text(Metadata, "resourceVersion"), out var version) ? version : 0;

    /// <summary>The epoch for resources of files, which therefore tie and are ordered by name.</summary>
    public DateTimeOffset Created =>
        DateTimeOffset.TryParse(Text(Metadata, "creationTimestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : DateTimeOffset.UnixEpoch;

    public JsonObject Copy() => Document.DeepClone().AsObject();

    /// <summary>Typed view of spec, made once. Racing callers may make it twice; both are equal and neither is ever changed.</summary>
    internal T SpecAs<T>(JsonTypeInfo<T> type)
        where T : class
    {
        if (typedSpec is T known)
            return known;

        var made = (Spec ?? []).Deserialize(type)!;
        typedSpec = made;
        return made;
    }

    public override string ToString() => Key.ToString();

    private static string? Text(JsonObject fields, string name) => fields[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static FrozenDictionary<string, string> Map(JsonNode? node) => node is JsonObject entries
        ? entries.Where(entry => entry.Value is JsonValue).ToFrozenDictionary(entry => entry.Key, entry => entry.Value!.ToString())
        : FrozenDictionary<string, string>.Empty;
}
