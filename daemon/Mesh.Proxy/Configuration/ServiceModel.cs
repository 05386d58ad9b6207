using Mesh.Io;
using Mesh.Proxy.Balancing;
using Mesh.Proxy.Routing;

namespace Mesh.Proxy.Configuration;

public enum AppProtocol
{
    /// <summary>Decided by the first bytes.</summary>
    Detect,
    Http1,
    Http2,
    Grpc,
    Tcp,
    Tls,
    Redis,
}

/// <summary>A logical name with its virtual addresses. Immutable, like everything in a snapshot.</summary>
public sealed class ServiceModel
{
    public required string Namespace { get; init; }
    public required string Name { get; init; }

    /// <summary>namespace/name.</summary>
    public required string Key { get; init; }

    public required IReadOnlyList<string> Hostnames { get; init; }
    public required IReadOnlyList<Ip> Addresses { get; init; }

    /// <summary>Usually one or two: a linear search is the fastest.</summary>
    public required ServicePortModel[] Ports { get; init; }

    public ServicePortModel? FindPort(int port)
    {
        foreach (var candidate in Ports)
        {
            if (candidate.Port == port) return candidate;
        }
        return null;
    }
}

public sealed class ServicePortModel
{
    public required string ServiceKey { get; init; }
    public required string ServiceName { get; init; }
    public required string ServiceNamespace { get; init; }

    /// <summary>The name that telemetry knows it by: catalog.shop.mesh.</summary>
    public required string Hostname { get; init; }

    public required int Port { get; init; }
    public required string PortName { get; init; }
    public required AppProtocol Protocol { get; init; }
    public required EndpointModel[] Endpoints { get; init; }
    public required LoadBalancer Balancer { get; init; }
    public required TrafficSettings Traffic { get; init; }

    /// <summary>Null: no route is attached, and requests go to the service's own endpoints.</summary>
    public HttpRouteTable? HttpRoutes { get; init; }

    /// <summary>Empty: no TCPRoute is attached.</summary>
    public BackendModel[] TcpBackends { get; init; } = [];

    /// <summary>Null: no TLSRoute is attached, and TLS is carried like any opaque bytes.</summary>
    public TlsRouteTable? TlsRoutes { get; init; }
}

/// <summary>What a TrafficPolicy decides, with the defaults of the mesh.</summary>
public sealed record TrafficSettings
{
    public static readonly TrafficSettings Default = new();

    /// <summary>Five seconds: three SYN retransmissions, the field's default.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Zero: none. A default would cut downloads and streams that work without a mesh.</summary>
    public TimeSpan RequestTimeout { get; init; }

    /// <summary>Of opaque connections, without a byte in either direction. Zero: none; a default would cut what works without a mesh, and
    /// peers that have vanished are found by the kernel's probes.</summary>
    public TimeSpan IdleTimeout { get; init; }

    /// <summary>Connections to the application begin with a PROXY header.</summary>
    public bool SendsProxyHeader { get; init; }

    /// <summary>More attempts after a connect failure, which cannot have reached the application.</summary>
    public int ConnectRetries { get; init; } = 1;

    /// <summary>Of a port of Redis; null: every command goes to the service's own endpoints.</summary>
    public ReadReplicas? ReadReplicas { get; init; }
}

/// <summary>Where reads of Redis go while a replica can answer.</summary>
/// <param name="ServiceKey">namespace/name.</param>
/// <param name="AfterWrite">Reads of a connection stay with the primary for so long after its last write. Zero: they do not.</param>
public sealed record ReadReplicas(string ServiceKey, int Port, TimeSpan AfterWrite);
