using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Inbound;

/// <summary>Plaintext that reached a workload's namespace from outside: allowed only where an MtlsPolicy is permissive.</summary>
internal sealed class PlainAcceptor(ProxyContext context)
{
    public void Accept(LocalWorkloadState local, Connection connection) =>
        TrackedConnection.Run(context, ListenerKind.Inbound, local, connection, this, static (self, local, accepted) => self.Handle(local!, accepted));

    private async ValueTask Handle(LocalWorkloadState local, Connection client)
    {
        bool redirected = client.TryGetOriginalDestination(out var application);
        if (!redirected || application.Port == context.Options.OutboundPort || application.Port == context.Options.InboundPlainPort)
        {
            var own = new Failure(ResponseFlag.NR, FailureSide.Client, FailureStage.Routing, "a connection to the daemon's own port");
            context.Reporter.ConnectionRefused(client.Loop.Index, context.Snapshots.Current.TelemetryOfWorkload(local.Uid), local, client.RemoteAddress, client.LocalAddress, own);
            client.Abort();
            return;
        }
        var target = new InboundTarget(context, local, null, client.RemoteAddress, application);
        Connection upstream;
        try
        {
            target.Authorize(null, httpPending: target.IsDecidedLater);
            upstream = await target.ConnectAsync(client.Loop);
        }
        catch (ProxyException error)
        {
            InboundConnection.ReportRefused(context, client.Loop, target, error.Failure);
            client.Abort();
            return;
        }
        await InboundConnection.RunAsync(context, client, upstream, target);
    }
}
