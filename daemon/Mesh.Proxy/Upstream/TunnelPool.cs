using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Upstream;

/// <summary>Who may share a tunnel, or have one after another: those of one source workload to one destination with one identity.</summary>
internal readonly record struct TunnelKey(string Source, Ip Destination, ushort Port, SpiffeId Identity);

/// <summary>Byte streams to applications on other nodes. To nodes of ours opaque bytes go through the direct tunnel, which copies less and keeps no
/// bytes waiting behind another connection's; requests go through HBONE everywhere, because what many of them say in one turn of the loop shares
/// a record and a system call. One per loop.</summary>
internal sealed class TunnelPool
{
    private readonly HboneTunnels hbone;
    private readonly DirectTunnels direct;

    public TunnelPool(ProxyContext context, Loop loop, LoopOccupancy occupancy)
    {
        var dialer = new TunnelDialer(context, loop);
        hbone = new HboneTunnels(context, loop, dialer, occupancy);
        direct = new DirectTunnels(context.Options, loop, dialer, hbone, occupancy);
    }

    /// <exception cref="ProxyException">No identity, denied by the peer, or the peer cannot reach the application.</exception>
    /// <exception cref="ConnectionBrokenException">The peer's node cannot be reached or is not who it should be.</exception>
    public ValueTask<Connection> OpenAsync(in UpstreamRequest request)
    {
        var workload = request.Endpoint.Workload;
        var source = request.Source ?? throw new ProxyException(new Failure(ResponseFlag.ID, FailureSide.Mesh, FailureStage.Connect,
            $"a gateway has no identity to reach {workload.Uid} through a tunnel; set the workload's tunnel to None or enrol the gateway"));
        var key = new TunnelKey(source.Uid, request.Target.Address, workload.TunnelPort, workload.Identity);
        return workload.Tunnel == TunnelKind.Direct && request.Opaque ? direct.OpenAsync(key, source, request) : hbone.OpenAsync(key, source, request);
    }

    /// <summary>Closes the connections of a workload that has left this machine.</summary>
    public void CloseOf(string uid)
    {
        hbone.CloseOf(uid);
        direct.CloseOf(uid);
    }

    /// <param name="status">As HBONE has it: 401 denied by policy, anything else but 200 unreachable.</param>
    public static Failure Refused(EndpointModel endpoint, int status, string reason) => status switch
    {
        401 or 403 => new Failure(ResponseFlag.UAEX, FailureSide.Upstream, FailureStage.Policy, WithoutFlag(reason)),
        _ => new Failure(ResponseFlag.UF, FailureSide.Upstream, FailureStage.Connect,
            $"workload {endpoint.Workload.Uid} cannot be reached: {WithoutFlag(reason)}", RetrySafe: true),
    };

    private static string WithoutFlag(string reason)
    {
        int space = reason.IndexOf(' ');
        return space > 0 && Enum.TryParse<ResponseFlag>(reason[..space], out _) ? reason[(space + 1)..] : reason;
    }
}
