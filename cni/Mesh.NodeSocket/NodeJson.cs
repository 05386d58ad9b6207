using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Netfilter;

namespace Mesh.NodeSocket;

/// <summary>The JSON of the node socket: unknown and missing fields are errors.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 8,
    Converters = [typeof(NetworkConverter)])]
[JsonSerializable(typeof(NodeRequest))]
[JsonSerializable(typeof(NodeResponse))]
[JsonSerializable(typeof(Enrolment))]
public sealed partial class NodeJson : JsonSerializerContext;

/// <summary>10.0.0.0/8 as a string.</summary>
public sealed class NetworkConverter : JsonConverter<IPNetwork>
{
    public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        CaptureOptions.TryParseNetwork(reader.GetString(), out var network) ? network : throw new JsonException($"'{reader.GetString()}' is not an address block");

    public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
