using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Inbound;

/// <summary>One CONNECT of an HBONE tunnel: check where it wants to go and whether it may, connect, answer, carry.</summary>
internal sealed class HboneStream(ProxyContext context, Loop loop, LocalWorkloadState local, IpPort client, IpPort ownAddress, SpiffeId peer, Http2Stream stream)
{
    public async Task RunAsync()
    {
        if (!TryReadTarget(out var wanted, out string problem))
        {
            await Answer(TunnelAdmission.Malformed, problem);
            return;
        }
        var admission = await TunnelAdmission.DecideAsync(context, loop, new TunnelRequest(local, peer, client, ownAddress, wanted));
        if (admission.Application is null)
        {
            await Answer(admission.Status, admission.Reason);
            return;
        }
        await using var tunnel = new TunnelConnection(loop, stream, ownAddress, client);
        await using var application = admission.Application;
        await stream.SendHeadersAsync(Head(TunnelAdmission.Admitted), endStream: false);
        await InboundConnection.RunAsync(context, tunnel, application, admission.Target!);
    }

    private bool TryReadTarget(out IpPort application, out string problem)
    {
        application = default;
        var head = stream.Headers;
        problem = "only CONNECT is served here";
        if (!head.TryGet(":method"u8, out var method) || !method.SequenceEqual("CONNECT"u8) || head.Contains(":protocol"u8)) return false;
        problem = "the authority of CONNECT is not address:port";
        return head.TryGet(":authority"u8, out var authority) && IpPort.TryParse(Encoding.ASCII.GetString(authority), out application);
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
