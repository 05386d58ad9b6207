using System.Runtime.CompilerServices;
using Mesh.Http.ProxyProtocol;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Upstream;

/// <summary>Who wants to reach what.</summary>
/// <param name="Source">Null for a gateway, which has no workload behind it.</param>
/// <param name="Opaque">For bytes that are relayed, not for requests.</param>
internal readonly record struct UpstreamRequest(
    LocalWorkloadState? Source, IpPort Client, EndpointModel Endpoint, TimeSpan Timeout, bool Opaque = false)
{
    /// <summary>The application, by an address of a family that the source has where the endpoint has both.</summary>
    public IpPort Target => Endpoint.OtherTarget is { } other && Source is not null && !Source.Speaks(Endpoint.Target.Address.IsV4) ? other : Endpoint.Target;
}

/// <summary>Opens a byte stream to an endpoint's application by the way that fits: straight into a namespace of this machine,
/// through a tunnel to another node, or plainly where the endpoint is declared outside the mesh. One per loop.</summary>
internal sealed class UpstreamConnector(ProxyContext context, LoopLocal local)
{
    /// <exception cref="ProxyException">With the failure to answer.</exception>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<Connection> ConnectAsync(UpstreamRequest request)
    {
        try
        {
            var connection = await Connect(request);
            if (SendsProxyHeader(request)) await SendProxyHeader(connection, request);
            return connection;
        }
        catch (ConnectionBrokenException error)
        {
            throw new ProxyException(Describe(request.Endpoint, error), error);
        }
    }

    /// <summary>Straight to an address outside the mesh, from the workload's own namespace.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<Connection> PassThroughAsync(LocalWorkloadState source, IpPort destination, TimeSpan timeout)
    {
        try
        {
            return await source.Sockets.ConnectAsync(local.Loop, destination, new ConnectOptions(timeout, Mark: context.Options.Mark));
        }
        catch (ConnectionBrokenException error)
        {
            throw new ProxyException(new Failure(ResponseFlag.UF, FailureSide.Upstream, FailureStage.Connect, error.Message, RetrySafe: true), error);
        }
    }

    /// <summary>Whoever connects to the application sends the header: through a tunnel that is the node at its other end.</summary>
    private bool SendsProxyHeader(in UpstreamRequest request)
    {
        var endpoint = request.Endpoint;
        bool tunnelled = endpoint.Workload.Tunnel != TunnelKind.None && !context.Locals.TryGet(endpoint.Workload.Uid, out _);
        return !tunnelled && context.Snapshots.Current.SendsProxyHeader(endpoint.Workload, endpoint.Target.Port);
    }

    private async ValueTask SendProxyHeader(Connection connection, UpstreamRequest request)
    {
        try
        {
            var identity = request.Source?.IdentityIn(context.Snapshots.Current.TrustDomain);
            await ProxyHeaderWriter.SendAsync(connection.Output, request.Client, request.Target, identity);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private ValueTask<Connection> Connect(in UpstreamRequest request)
    {
        var endpoint = request.Endpoint;
        if (context.Locals.TryGet(endpoint.Workload.Uid, out var destination)) return ConnectLocally(request, destination);
        if (endpoint.Workload.Tunnel != TunnelKind.None) return local.Tunnels.OpenAsync(request);
        var sockets = request.Source?.Sockets ?? context.HostSockets;
        int mark = request.Source is null ? 0 : context.Options.Mark;
        return sockets.ConnectAsync(local.Loop, request.Target, new ConnectOptions(request.Timeout, Mark: mark));
    }

    /// <summary>The one-hop path: the socket is made inside the destination's namespace and bound to the client's address, which the application sees.</summary>
    private ValueTask<Connection> ConnectLocally(in UpstreamRequest request, LocalWorkloadState destination)
    {
        // A workload that calls itself must not appear to come from its own listening address: the kernel would drop it as a loop.
        bool toItself = request.Client.Address == request.Target.Address;
        bool sameFamily = request.Client.Address.IsV4 == request.Target.Address.IsV4;
        IpPort? source = toItself || !sameFamily || request.Source is null ? null : new IpPort(request.Client.Address, 0);
        return destination.Sockets.ConnectAsync(local.Loop, request.Target, new ConnectOptions(request.Timeout, source, context.Options.Mark));
    }

    private static Failure Describe(EndpointModel endpoint, ConnectionBrokenException error) => error.Kind switch
    {
        BreakKind.Tls => new Failure(ResponseFlag.TLS, FailureSide.Upstream, FailureStage.Connect,
            $"no mutual TLS with {endpoint.Workload.Uid}: {error.Message}", RetrySafe: true) { Status = 503 },
        _ => new Failure(ResponseFlag.UF, FailureSide.Upstream, FailureStage.Connect,
            $"workload {endpoint.Workload.Uid} cannot be reached: {error.Message}", RetrySafe: true),
    };
}
