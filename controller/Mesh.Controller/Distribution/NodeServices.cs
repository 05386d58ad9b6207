using Mesh.Controller.Identity;
using Mesh.Protocol.Grpc;
using Mesh.Resources.Compile;
using Microsoft.Extensions.Logging;

namespace Mesh.Controller.Distribution;

/// <summary>Everything that nodes talk to, composed over a router. The HTTP server in front of it is Kestrel in the controller and
/// anything that makes <see cref="GrpcServerCall"/>s elsewhere.</summary>
internal sealed class NodeServices : IDisposable
{
    /// <summary>A node's first request lists the versions of all it has: about 60 bytes for each resource.</summary>
    private const int MaxRequestBytes = 16 * 1024 * 1024;

    private readonly CancellationTokenSource stopping = new();
    private readonly PushScheduler pushes;

    public NodeServices(
        CertificateAuthority authority, JoinTokens tokens, IGraphSource graphs, IWorkloadRegistry registry, TimeProvider time, ILogger logger)
    {
        Log = new DistributionLog(logger);
        Nodes = new NodeDirectory(registry, time, Log);
        pushes = new PushScheduler(graphs, time);
        Router = new GrpcRouter(new GrpcLimits { MaxMessageBytes = MaxRequestBytes }, Log.CallFailed);

        var discovery = new DiscoveryService(authority.TrustDomain, pushes, Nodes, new DiscoveryLimits(), Log);
        var node = new NodeService(authority, tokens, new NodeIdentityIndex(graphs), Nodes, Log);
        var reports = new ReportService(authority.TrustDomain, Nodes);
        Router.Unary(GrpcMethods.Join, node.JoinAsync);
        Router.Unary(GrpcMethods.SignCertificate, node.SignAsync);
        Router.Unary(GrpcMethods.TrustRoots, node.TrustRootsAsync);
        Router.Duplex(GrpcMethods.ReportWorkloads, (call, requests, acks) => reports.RunAsync(call, requests, acks, stopping.Token));
        Router.Duplex(GrpcMethods.DeltaResources, (call, requests, responses) => discovery.RunAsync(call, requests, responses, stopping.Token));
    }

    public GrpcRouter Router { get; }

    public NodeDirectory Nodes { get; }

    public DistributionLog Log { get; }

    /// <summary>The configuration that is being pushed.</summary>
    public string ConfigVersion => pushes.Current.Version;

    /// <summary>Ends the streams, so that the server below can stop without waiting for them.</summary>
    public void Stop() => stopping.Cancel();

    public void Dispose()
    {
        stopping.Cancel();
        pushes.Dispose();
        Nodes.Dispose();
        stopping.Dispose();
    }
}
