using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Mesh.Protocol.Config;

/// <summary>The types that travel on the discovery stream, by URL.</summary>
public static class ConfigTypes
{
    private static readonly Dictionary<string, MessageParser> parsers =
        new MessageDescriptor[]
        {
            MtlsPolicy.Descriptor, AccessPolicy.Descriptor, TrafficPolicy.Descriptor, TelemetryPolicy.Descriptor, Workload.Descriptor, Service.Descriptor,
            HttpRoute.Descriptor, GrpcRoute.Descriptor, TcpRoute.Descriptor, TlsRoute.Descriptor, Gateway.Descriptor,
        }.ToDictionary(UrlOf, static descriptor => descriptor.Parser);

    /// <summary>In the order in which they are asked for: policies before what they protect.</summary>
    public static IReadOnlyList<string> Urls { get; } = [.. parsers.Keys];

    public static string UrlOf(MessageDescriptor descriptor) => "type.mesh.internal/" + descriptor.FullName;

    /// <summary>The message's own name: Service.</summary>
    public static string NameOf(string typeUrl) => typeUrl[(typeUrl.LastIndexOf('.') + 1)..];

    public static bool IsKnown(string typeUrl) => parsers.ContainsKey(typeUrl);

    /// <exception cref="InvalidProtocolBufferException">The bytes are not such a message.</exception>
    /// <exception cref="KeyNotFoundException">The type is not one of <see cref="Urls"/>.</exception>
    public static IMessage Parse(string typeUrl, ByteString value) => parsers[typeUrl].ParseFrom(value);
}
