using Mesh.Http;

namespace Mesh.Proxy;

/// <summary>Ports and bounds of the proxy, in one place.</summary>
public sealed record ProxyOptions
{
    public ushort OutboundPort { get; init; } = 15001;
    public ushort InboundPlainPort { get; init; } = 15006;
    public ushort TunnelPort { get; init; } = 15008;
    public ushort DnsPort { get; init; } = 15053;

    /// <summary>SO_MARK of the daemon's own packets inside workload namespaces: 1337, as the field's redirection rules have it.</summary>
    public int Mark { get; init; } = 0x539;

    public HttpLimits Http { get; init; } = HttpLimits.Default;

    /// <summary>For the TLS handshake of a tunnel: two round trips even on a bad link.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Streams in use on a tunnel connection before another is opened, as ztunnel does.</summary>
    public int StreamsPerTunnel { get; init; } = 100;

    /// <summary>An HBONE connection without streams is closed after this, as ztunnel does.</summary>
    public TimeSpan HboneIdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Streams in use on an HTTP/2 connection to an application before another is opened: a server that handles a connection on one
    /// thread gets to use more of them.</summary>
    public int StreamsPerHttp2 { get; init; } = 100;

    /// <summary>A direct tunnel that is asked for nothing that long is closed by its server. Our own clients close theirs earlier.</summary>
    public TimeSpan TunnelIdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Silence in both directions after which a WebSocket, or whatever else followed HTTP, is closed. An hour, as the field has it for streams.</summary>
    public TimeSpan UpgradeIdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Idle upstream connections are kept this long. Below the 60 to 75 seconds after which common servers close theirs,
    /// so that we rarely meet one that is just being closed.</summary>
    public TimeSpan UpstreamIdleTimeout { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>Idle connections kept per loop, source and endpoint, while as many are in use now and then.</summary>
    public int MaxIdlePerEndpoint { get; init; } = 1024;

    /// <summary>Of them those that are kept although nobody needed so many, until they are too old.</summary>
    public int AlwaysIdlePerEndpoint { get; init; } = 64;

    /// <summary>Idle direct tunnels kept per loop and peer: each holds a TLS session.</summary>
    public int MaxIdleTunnels { get; init; } = 128;
}
