using Mesh.Http.Detection;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Outbound;

/// <summary>For ports that are declared to speak TLS. With TLSRoutes the server name decides where to dial. Without, the service's own endpoint is
/// dialled at once, and the ClientHello is looked at only for what is recorded and for conditions on hosts.</summary>
internal sealed class DeclaredTls(ProxyContext context, LocalWorkloadState source, Connection client, ServicePortModel service)
{
    /// <summary>Where nothing but the record depends on it.</summary>
    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(1);

    private readonly OutboundTcp tcp = new(context, client.Loop, source);
    private readonly Opening opening = new(client);
    private readonly long start = client.Loop.Time.GetTimestamp();

    public async Task RunAsync()
    {
        if (service.TlsRoutes is { } routes) await RouteAsync(routes);
        else await ToServiceAsync();
    }

    private async Task RouteAsync(Routing.TlsRouteTable routes)
    {
        var patience = context.Options.HandshakeTimeout;
        await opening.RunAsync(new OpeningPatience(patience, patience, patience));
        await new OutboundTls(tcp, client, $"service {service.ServiceKey}").RunAsync(opening, name => routes.Match(name.Span));
    }

    private async Task ToServiceAsync()
    {
        var hello = opening.RunAsync(new OpeningPatience(TimeSpan.Zero, HelloTimeout, HelloTimeout));
        OutboundTcp.Dialled? dialled = null;
        try
        {
            dialled = await tcp.Dial(client, service, httpPending: true);
            await FirstToSpeak.IsServerAsync(opening, hello, dialled.Value.Upstream.Input, routesTls: false);
            tcp.Traffic = OpaqueTraffic.Of(opening);
            if (dialled.Value.Endpoint is { } endpoint) tcp.AuthorizeOpaque(client, endpoint);
        }
        catch (ProxyException error)
        {
            opening.Stop();
            await hello;
            if (dialled is { } refused) await refused.Upstream.DisposeAsync();
            tcp.Traffic = OpaqueTraffic.Of(opening) with { Protocol = "tls" };
            tcp.Fail(client, service, error.Failure, start);
            return;
        }
        await tcp.Relay(client, dialled.Value, start);
    }
}
