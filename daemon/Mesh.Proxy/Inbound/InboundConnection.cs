using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Inbound;

/// <summary>Carries one accepted byte stream, authorized and connected to the application already, as HTTP or as opaque bytes.</summary>
internal static class InboundConnection
{
    public static Task RunAsync(ProxyContext context, Connection client, Connection application, InboundTarget target) =>
        target.IsHttp ? RunHttp(context, client, application, target) : RunTcp(context, client, application, target);

    private static async Task RunHttp(ProxyContext context, Connection client, Connection application, InboundTarget target)
    {
        await using var upstream = new InboundUpstream(application, target, context);
        await new HttpServing(context, client, () => new InboundHttpHandler(context, client.Loop, target, upstream)).RunAsync();
    }

    private static async Task RunTcp(ProxyContext context, Connection client, Connection application, InboundTarget target)
    {
        var loop = client.Loop;
        long start = loop.Time.GetTimestamp();
        var parties = target.Parties("tcp");
        context.Reporter.TcpOpened(loop.Index, parties);
        var relay = new TcpRelay(client, application);
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
                Failure = relay.Broken is null ? null : TcpFailures.Of(relay),
                Duration = loop.Time.GetElapsedTime(start),
                ReceivedBytes = relay.ReceivedBytes,
                SentBytes = relay.SentBytes,
                Client = target.Client,
                Upstream = target.Application,
            });
        }
    }

    /// <summary>A stream that ended before it carried anything: a connection that was opened and closed at once, with its reason.</summary>
    public static void ReportRefused(ProxyContext context, Loop loop, InboundTarget target, Failure failure)
    {
        var parties = target.Parties("tcp");
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
