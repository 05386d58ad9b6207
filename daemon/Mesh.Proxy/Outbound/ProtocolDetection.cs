using Mesh.Http.Detection;
using Mesh.Http.Http1;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Upstream;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Outbound;

/// <summary>For ports whose protocol nobody named: the upstream is dialled at once and whoever speaks first decides. A server that speaks first gets
/// its way without delay; a client that speaks HTTP is served as HTTP, over the connection that is there already where it fits. Where clients were
/// seen to speak first, and what they say decides where to dial, the dialling waits for them a moment.</summary>
internal sealed class ProtocolDetection(ProxyContext context, LocalWorkloadState source, Connection client, ServicePortModel service, Func<Task> serveHttp)
{
    /// <summary>For bytes that could become a protocol known here, "GET" without what follows: they come in one segment from every client but a
    /// person who types. After it they are carried as they are.</summary>
    private static readonly TimeSpan Undecided = TimeSpan.FromSeconds(1);

    /// <summary>When nothing can be dialled: how long a client may take to show whether it wants an HTTP answer.</summary>
    private static readonly TimeSpan FirstBytesTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How long a learned guess may delay a server that speaks first after all: a few round trips of a machine room.</summary>
    private static readonly TimeSpan HeldDial = TimeSpan.FromMilliseconds(50);

    private readonly Loop loop = client.Loop;
    private readonly LoopLocal local = context.OnLoop(client.Loop);
    private readonly OutboundTcp tcp = new(context, client.Loop, source);
    private readonly Opening opening = new(client);
    private readonly LearnedKey key = new(source.Uid, service.ServiceKey, service.Port);
    private readonly long start = client.Loop.Time.GetTimestamp();

    public async Task RunAsync()
    {
        var learned = local.Learned.Of(key);
        var clientSpeaks = opening.RunAsync(Patience(learned));
        if (SpeaksFirst(learned)) await loop.Timers.InTimeAsync(clientSpeaks, HeldDial);
        if (opening.State == OpeningState.Decided)
        {
            await CarryAsync(null, Learn(serverSpoke: false));
            return;
        }
        if (opening.State == OpeningState.Broken)
        {
            Learn(serverSpoke: false);
            tcp.Fail(client, service, new Failure(ResponseFlag.DC, FailureSide.Client, FailureStage.Connect, "the client left before it spoke"), start);
            return;
        }
        OutboundTcp.Dialled dialled;
        try
        {
            dialled = await tcp.Dial(client, service, httpPending: true);
        }
        catch (ProxyException error)
        {
            await OnDialFailed(error.Failure, clientSpeaks);
            return;
        }
        bool serverSpoke = await FirstToSpeak.IsServerAsync(opening, clientSpeaks, dialled.Upstream.Input, service.TlsRoutes is not null);
        await CarryAsync(dialled, Learn(serverSpoke));
    }

    private OpeningPatience Patience(DetectionResult? learned) => new(
        TimeSpan.Zero,
        learned == DetectionResult.Timeout ? TimeSpan.Zero : Undecided,
        service.TlsRoutes is null ? Undecided : context.Options.HandshakeTimeout);

    /// <summary>Whether a connection dialled before the client has spoken is likely to be of no use.</summary>
    private bool SpeaksFirst(DetectionResult? learned) =>
        learned is DetectionResult.Http1 or DetectionResult.Http2 || learned is DetectionResult.Tls && service.TlsRoutes is not null;

    private DetectionResult Learn(bool serverSpoke)
    {
        var result = Result(serverSpoke);
        local.Learned.Learn(key, result);
        context.Reporter.ProtocolDetected(loop.Index, service, result);
        return result;
    }

    private DetectionResult Result(bool serverSpoke) => opening.Protocol switch
    {
        DetectedProtocol.Http1 => DetectionResult.Http1,
        DetectedProtocol.Http2 => DetectionResult.Http2,
        DetectedProtocol.Tls => DetectionResult.Tls,
        DetectedProtocol.Redis => DetectionResult.Redis,
        DetectedProtocol.Other => DetectionResult.Tcp,
        _ when serverSpoke => DetectionResult.ServerFirst,
        _ when opening.State == OpeningState.TimedOut => DetectionResult.Timeout,
        _ => opening.HasSpoken ? DetectionResult.Tcp : DetectionResult.Closed,
    };

    private Task CarryAsync(OutboundTcp.Dialled? dialled, DetectionResult result) => result switch
    {
        DetectionResult.Http1 => ToHttp(dialled, isHttp2: false),
        DetectionResult.Http2 => ToHttp(dialled, isHttp2: true),
        DetectionResult.Tls when service.TlsRoutes is not null => ToTlsRoutes(dialled),
        _ => ToTcp(dialled),
    };

    /// <summary>Over the connection that is there already.</summary>
    private Task ToHttp(OutboundTcp.Dialled? dialled, bool isHttp2)
    {
        if (dialled is { Endpoint: { } endpoint, Service: { } chosen, Upstream: var upstream })
            local.Http.Keep(PoolKey.Of(source, chosen, endpoint, client.RemoteAddress), upstream, isHttp2);
        return serveHttp();
    }

    private async Task ToTlsRoutes(OutboundTcp.Dialled? dialled)
    {
        if (dialled is { } unused) await unused.Upstream.DisposeAsync();
        await new OutboundTls(tcp, client, $"service {service.ServiceKey}").RunAsync(opening, name => service.TlsRoutes!.Match(name.Span));
    }

    private async Task ToTcp(OutboundTcp.Dialled? ready)
    {
        tcp.Traffic = OpaqueTraffic.Of(opening);
        OutboundTcp.Dialled dialled;
        try
        {
            dialled = ready ?? await tcp.Dial(client, service);
            if (ready is not null) tcp.AuthorizeOpaque(client, dialled.Endpoint!);
        }
        catch (ProxyException error)
        {
            if (ready is { } refused) await refused.Upstream.DisposeAsync();
            tcp.Fail(client, service, error.Failure, start);
            return;
        }
        await tcp.Relay(client, dialled, start);
    }

    /// <summary>A client of HTTP gets an answer that says why, or one from a backend that a route chooses.</summary>
    private async Task OnDialFailed(Failure failure, Task clientSpeaks)
    {
        await loop.Timers.InTimeAsync(clientSpeaks, FirstBytesTimeout);
        opening.Stop();
        await clientSpeaks;
        var result = Learn(serverSpoke: false);
        if (result is DetectionResult.Http1 or DetectionResult.Http2) await serveHttp();
        else if (result == DetectionResult.Tls && service.TlsRoutes is not null) await ToTlsRoutes(null);
        else tcp.Fail(client, service, failure, start);
    }
}
