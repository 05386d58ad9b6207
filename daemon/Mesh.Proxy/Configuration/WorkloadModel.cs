using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Policy;

namespace Mesh.Proxy.Configuration;

public enum TunnelKind
{
    Hbone,
    Direct,
    None,
}

/// <summary>One instance, anywhere in the mesh.</summary>
public sealed class WorkloadModel
{
    public required string Namespace { get; init; }
    public required string Name { get; init; }

    /// <summary>namespace/name.</summary>
    public required string Uid { get; init; }

    public required SpiffeId Identity { get; init; }
    public required Ip[] Addresses { get; init; }
    public required string Node { get; init; }
    public required TunnelKind Tunnel { get; init; }
    public required ushort TunnelPort { get; init; }
    public required bool Healthy { get; init; }

    /// <summary>What its node enforces on the way in.</summary>
    public required InboundPolicy Policy { get; init; }

    /// <summary>What its node records about it.</summary>
    public required TelemetryModel Telemetry { get; init; }

    /// <summary>The services it is behind, by the port its process listens on.</summary>
    public required IReadOnlyDictionary<int, InboundPort> Ports { get; init; }
}

/// <summary>What is known about a port of a workload from the services in front of it.</summary>
/// <param name="Hostname">Of the service in front of it.</param>
/// <param name="ServiceKey">namespace/name of that service.</param>
public sealed record InboundPort(string Hostname, AppProtocol Protocol, string ServiceKey, int ServicePort);

/// <summary>One place a service's request can go.</summary>
public sealed class EndpointModel
{
    public required WorkloadModel Workload { get; init; }

    /// <summary>The application's own address and port.</summary>
    public required IpPort Target { get; init; }

    /// <summary>The same port at the workload's first address of the other family; null when it has none. For sources without the first's family.</summary>
    public IpPort? OtherTarget { get; init; }

    public required int Weight { get; init; }

    /// <summary>Lives across snapshots.</summary>
    public required EndpointState State { get; init; }
}

/// <summary>What is counted about an endpoint, by loop, so that counting needs no locks.</summary>
public sealed class EndpointState(int loops)
{
    /// <summary>One cache line apart.</summary>
    private const int Stride = 16;

    /// <summary>Made by the first request: of 100,000 endpoints a machine talks to few.</summary>
    private int[]? active;

    public int Active(int loop) => active is { } counts ? counts[loop * Stride] : 0;

    public void Begin(int loop) => (active ?? Make())[loop * Stride]++;

    public void End(int loop) => active![loop * Stride]--;

    private int[] Make()
    {
        var made = new int[loops * Stride];
        return Interlocked.CompareExchange(ref active, made, null) ?? made;
    }
}
