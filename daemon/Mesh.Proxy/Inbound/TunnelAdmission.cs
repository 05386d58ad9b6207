using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Inbound;

/// <summary>Who asks for what through a tunnel.</summary>
/// <param name="Own">The address that the tunnel came to.</param>
internal readonly record struct TunnelRequest(LocalWorkloadState Local, SpiffeId Peer, IpPort Client, IpPort Own, IpPort Application);

/// <summary>The verdict. 200: the application has been reached; 400 malformed, 401 denied, 503 unreachable, as HBONE peers expect.</summary>
internal readonly record struct TunnelAdmission(int Status, string Reason, InboundTarget? Target = null, Connection? Application = null)
{
    public const int Admitted = 200;
    public const int Malformed = 400;

    public static async ValueTask<TunnelAdmission> DecideAsync(ProxyContext context, Loop loop, TunnelRequest request)
    {
        if (Objection(context.Options, request) is { } problem) return new(Malformed, problem);
        var target = new InboundTarget(context, request.Local, request.Peer, request.Client, request.Application);
        try
        {
            target.Authorize(null, httpPending: target.IsHttp || target.NeedsServerName);
            return new(Admitted, "", target, await target.ConnectAsync(loop));
        }
        catch (ProxyException error)
        {
            InboundConnection.ReportRefused(context, loop, target, error.Failure);
            return new(error.Failure.Stage == FailureStage.Policy ? 401 : 503, $"{error.Failure.Flag} {error.Failure.Reason}");
        }
    }

    /// <summary>It must be this workload's own address: a tunnel is not a way to reach something else from here.</summary>
    private static string? Objection(ProxyOptions options, in TunnelRequest request)
    {
        var application = request.Application;
        if (application.Address != request.Own.Address) return $"{application} is not an address of this workload";
        bool own = application.Port == options.OutboundPort || application.Port == options.InboundPlainPort || application.Port == options.TunnelPort;
        return own ? "the port is one of the daemon's own" : null;
    }
}
