using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Inbound;

/// <summary>One CONNECT of a tunnel: check where it wants to go and whether it may, connect, answer, carry.
/// 200 only when the application has been reached; 400 malformed, 401 denied, 503 unreachable, as HBONE peers expect.</summary>
internal sealed class TunnelStream(ProxyContext context, Loop loop, LocalWorkloadState local, IpPort client, IpPort ownAddress, SpiffeId peer, Http2Stream stream)
{
    public async Task RunAsync()
    {
        if (!TryReadTarget(out var application, out string problem))
        {
            await Answer(400, problem);
            return;
        }
        var target = new InboundTarget(context, local, peer, client, application);
        Connection upstream;
        try
        {
            target.Authorize(null, httpPending: target.IsHttp);
            upstream = await target.ConnectAsync(loop);
        }
        catch (ProxyException error)
        {
            InboundConnection.ReportRefused(context, loop, target, error.Failure);
            await Answer(error.Failure.Stage == FailureStage.Policy ? 401 : 503, $"{error.Failure.Flag} {error.Failure.Reason}");
            return;
        }
        await using var tunnel = new TunnelConnection(loop, stream, ownAddress, client);
        await stream.SendHeadersAsync(Head(200), endStream: false);
        await InboundConnection.RunAsync(context, tunnel, upstream, target);
    }

    /// <summary>The authority must be this workload's own address: a tunnel is not a way to reach something else from here.</summary>
    private bool TryReadTarget(out IpPort application, out string problem)
    {
        application = default;
        var head = stream.Headers;
        problem = "only CONNECT is served here";
        if (!head.TryGet(":method"u8, out var method) || !method.SequenceEqual("CONNECT"u8) || head.Contains(":protocol"u8)) return false;
        problem = "the authority of CONNECT is not address:port";
        if (!head.TryGet(":authority"u8, out var authority) || !IpPort.TryParse(Encoding.ASCII.GetString(authority), out application)) return false;
        problem = $"{application} is not an address of this workload";
        if (application.Address != ownAddress.Address) return false;
        problem = "the port is one of the daemon's own";
        return application.Port != context.Options.OutboundPort && application.Port != context.Options.InboundPlainPort
            && application.Port != context.Options.TunnelPort;
    }

    private async ValueTask Answer(int status, string reason)
    {
        using (stream)
        {
            var head = Head(status);
            head.Add("x-mesh-error"u8, Encoding.ASCII.GetBytes(reason));
            await stream.SendHeadersAsync(head, endStream: true);
        }
    }

    private static HeaderList Head(int status)
    {
        var head = new HeaderList();
        head.Add(":status"u8, Encoding.ASCII.GetBytes(status.ToString()));
        return head;
    }
}
