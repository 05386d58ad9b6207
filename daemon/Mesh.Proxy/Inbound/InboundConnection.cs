using Mesh.Http.Detection;
using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Outbound;
using Mesh.Proxy.Redis;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Inbound;

/// <summary>Carries one accepted byte stream, authorized and connected to the application already, as HTTP or as opaque bytes.</summary>
internal static class InboundConnection
{
    /// <summary>For a ClientHello that a policy waits for.</summary>
    private static readonly TimeSpan Undecided = TimeSpan.FromSeconds(1);

    public static Task RunAsync(ProxyContext context, Connection client, Connection application, InboundTarget target) =>
        target.NeedsServerName || target.IsHttp && target.IsUndeclared ? RunByFirstBytes(context, client, application, target)
        : target.IsHttp ? RunHttp(context, client, application, target)
        : RunTcp(context, client, application, target, OpaqueTraffic.Tcp with { Protocol = target.OpaqueProtocol });

    /// <summary>A policy has conditions on hosts, and only the client's first bytes tell where to find the host: in requests, or in a ClientHello.</summary>
    private static async Task RunByFirstBytes(ProxyContext context, Connection client, Connection application, InboundTarget target)
    {
        var opening = new Opening(client);
        await opening.RunAsync(new OpeningPatience(TimeSpan.Zero, Undecided, context.Options.HandshakeTimeout));
        if (target.IsHttp && opening.Protocol != DetectedProtocol.Tls)
        {
            await RunHttp(context, client, application, target);
            return;
        }
        var traffic = OpaqueTraffic.Of(opening);
        try
        {
            target.Authorize(null, httpPending: false, traffic.NameForPolicy);
        }
        catch (ProxyException error)
        {
            ReportRefused(context, client.Loop, target, error.Failure);
            client.Abort();
            application.Abort();
            return;
        }
        await RunTcp(context, client, application, target, traffic);
    }

    private static async Task RunHttp(ProxyContext context, Connection client, Connection application, InboundTarget target)
    {
        await using var upstream = new InboundUpstream(application, target, context);
        await new HttpServing(context, client, () => new InboundHttpHandler(context, client.Loop, target, upstream)).RunAsync();
    }

    private static async Task RunTcp(ProxyContext context, Connection client, Connection application, InboundTarget target, OpaqueTraffic traffic)
    {
        var loop = client.Loop;
        long start = loop.Time.GetTimestamp();
        var parties = target.Parties(traffic.Protocol);
        context.Reporter.TcpOpened(loop.Index, parties);
        var relay = traffic.IsRedis ? new RedisRelay(context, client, application, parties, target.Gate) : new TcpRelay(client, application);
        try
        {
            await relay.RunAsync();
        }
        finally
        {
            await application.DisposeAsync();
            context.Reporter.TcpClosed(loop.Index, new TcpOutcome
            {
                Parties = parties,
                Telemetry = target.Telemetry,
                Failure = TcpFailures.Of(relay),
                Duration = loop.Time.GetElapsedTime(start),
                ReceivedBytes = relay.ReceivedBytes,
                SentBytes = relay.SentBytes,
                Client = target.Client,
                Upstream = target.Application,
                ServerName = traffic.ServerName.Span,
            });
        }
    }

    /// <summary>A stream that ended before it carried anything: a connection that was opened and closed at once, with its reason.</summary>
    public static void ReportRefused(ProxyContext context, Loop loop, InboundTarget target, Failure failure)
    {
        var parties = target.Parties(target.OpaqueProtocol);
        context.Reporter.TcpOpened(loop.Index, parties);
        context.Reporter.TcpClosed(loop.Index, new TcpOutcome
        {
            Parties = parties,
            Telemetry = target.Telemetry,
            Failure = failure,
            Duration = TimeSpan.Zero,
            ReceivedBytes = 0,
            SentBytes = 0,
            Client = target.Client,
            Upstream = target.Application,
        });
    }
}
