using System.IO.Pipelines;
using Mesh.Http.Http1;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Upstream;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Outbound;

/// <summary>For ports whose protocol nobody named: the upstream is dialled at once and whoever speaks first decides. A server that speaks
/// first gets its way without delay; a client that speaks HTTP/1 is served as HTTP, over the connection that is there already.</summary>
internal sealed class ProtocolDetection(ProxyContext context, LocalWorkloadState source, Connection client, ServicePortModel service, Func<Task> serveHttp)
{
    /// <summary>When nothing can be dialled: how long a client may take to show whether it wants an HTTP answer.</summary>
    private static readonly TimeSpan FirstBytesTimeout = TimeSpan.FromSeconds(1);

    private readonly Loop loop = client.Loop;
    private readonly OutboundTcp tcp = new(context, client.Loop, source);

    public async Task RunAsync()
    {
        long start = loop.Time.GetTimestamp();
        var clientSpeaks = Peek(client.Input);
        OutboundTcp.Dialled dialled;
        try
        {
            dialled = await tcp.Dial(client, service, httpPending: true);
        }
        catch (ProxyException error)
        {
            await OnDialFailed(error.Failure, clientSpeaks, start);
            return;
        }
        var serverSpeaks = Peek(dialled.Upstream.Input);
        await Task.WhenAny(clientSpeaks, serverSpeaks);
        // Only who is still waiting: a cancellation that meets no wait would be taken by the next reader.
        if (!clientSpeaks.IsCompleted) client.Input.CancelPendingRead();
        if (!serverSpeaks.IsCompleted) dialled.Upstream.Input.CancelPendingRead();
        bool http = await clientSpeaks;
        await serverSpeaks;
        if (http) await ToHttp(dialled);
        else await ToTcp(dialled, start);
    }

    private async Task ToHttp(OutboundTcp.Dialled dialled)
    {
        var endpoint = dialled.Endpoint!;
        var key = new PoolKey(source.Uid, endpoint.Workload.Uid, endpoint.Target, client.RemoteAddress.Address);
        context.OnLoop(loop).Http.Keep(key, dialled.Upstream);
        await serveHttp();
    }

    private async Task ToTcp(OutboundTcp.Dialled dialled, long start)
    {
        try
        {
            tcp.AuthorizeOpaque(client, dialled.Endpoint!);
        }
        catch (ProxyException error)
        {
            await dialled.Upstream.DisposeAsync();
            tcp.Fail(client, service, error.Failure, start);
            return;
        }
        await tcp.Relay(client, dialled, start);
    }

    private async Task OnDialFailed(Failure failure, Task<bool> clientSpeaks, long start)
    {
        var timer = new LoopTimer(loop.Timers, static reader => ((PipeReader)reader!).CancelPendingRead(), client.Input);
        timer.Arm(FirstBytesTimeout);
        bool http = await clientSpeaks;
        timer.Cancel();
        if (http) await serveHttp();
        else tcp.Fail(client, service, failure, start);
    }

    /// <summary>Waits for first bytes and leaves them where they are. A broken connection is left for the next reader to find.</summary>
    /// <returns>Whether they are an HTTP/1 request.</returns>
    private static async Task<bool> Peek(PipeReader input)
    {
        try
        {
            while (true)
            {
                var read = await input.ReadAsync();
                bool? http = Http1Detection.IsHttp1(read.Buffer);
                bool decided = http is not null || read.IsCompleted || read.IsCanceled;
                input.AdvanceTo(read.Buffer.Start, decided ? read.Buffer.Start : read.Buffer.End);
                if (decided) return http ?? false;
            }
        }
        catch (ConnectionBrokenException)
        {
            return false;
        }
    }
}
