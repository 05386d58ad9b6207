using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Inbound;

/// <summary>Requests for a local workload: the policy per request, then the application.</summary>
internal sealed class InboundHttpHandler(ProxyContext context, Loop loop, InboundTarget target, InboundUpstream upstream)
    : HttpConnectionHandler(context, loop)
{
    private readonly TrafficParties parties = target.Parties("http");
    private readonly string host = target.Application.ToString();

    protected override TrafficParties DefaultParties => parties;

    protected override TelemetryModel TelemetryIn(Snapshot snapshot) => snapshot.TelemetryOfWorkload(target.Local.Uid);

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    protected override async ValueTask<Failure?> ForwardAsync(ServerExchange exchange)
    {
        target.Authorize(exchange.Request, httpPending: false);
        Prepare(exchange.Request, host);
        for (int retries = 1; ;)
        {
            var application = await upstream.TakeAsync(Loop, target.IsHttp2 ?? exchange.IsHttp2);
            Chose(target.Application);
            var failure = await Forwarder.RunAsync(exchange, application, null, TimeSpan.Zero);
            bool again = Forwarder.ShallRepeat(exchange, application, failure, ref retries);
            await upstream.GiveBackAsync(application, failure is null);
            if (!again) return failure;
        }
    }
}
