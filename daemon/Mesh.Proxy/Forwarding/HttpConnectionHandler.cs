using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Tracing;

namespace Mesh.Proxy.Forwarding;

/// <summary>What all HTTP handlers share: time it, carry it out, answer failures, report. One per downstream connection, which handles
/// one exchange at a time.</summary>
internal abstract class HttpConnectionHandler(ProxyContext context, Loop loop) : IHttpHandler
{
    private readonly TraceHeaders trace = new(context.OnLoop(loop).Bits);
    private IpPort upstreamAddress;
    private Snapshot? seen;
    private TelemetryModel telemetry = TelemetryModel.Default;

    protected ProxyContext Context { get; } = context;
    protected Loop Loop { get; } = loop;
    protected HttpForwarder Forwarder { get; } = new(loop);

    /// <summary>The route that matched, for the record.</summary>
    protected string Route { get; set; } = "";

    /// <summary>Set as soon as they are known, and at the latest by the handler's end.</summary>
    protected TrafficParties? Parties { get; set; }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask HandleAsync(ServerExchange exchange)
    {
        long start = Loop.Time.GetTimestamp();
        Forwarder.Reset();
        (Route, Parties, upstreamAddress) = ("", null, default);
        FollowTelemetry();
        trace.Continue(exchange.Request.Headers, telemetry.Tracing);
        Failure? failure;
        try
        {
            failure = await ForwardAsync(exchange);
        }
        catch (ProxyException error)
        {
            failure = error.Failure;
        }
        if (failure is not null) await Answer(exchange, failure);
        Report(exchange, failure, Loop.Time.GetElapsedTime(start));
    }

    /// <summary>Decides and forwards; returns or throws the failure.</summary>
    protected abstract ValueTask<Failure?> ForwardAsync(ServerExchange exchange);

    protected abstract TelemetryModel TelemetryIn(Snapshot snapshot);

    /// <summary>For exchanges that failed before an endpoint was chosen.</summary>
    protected abstract TrafficParties DefaultParties { get; }

    protected void Chose(IpPort upstream) => upstreamAddress = upstream;

    private void FollowTelemetry()
    {
        var snapshot = Context.Snapshots.Current;
        if (ReferenceEquals(seen, snapshot)) return;
        (seen, telemetry) = (snapshot, TelemetryIn(snapshot));
    }

    private static async ValueTask Answer(ServerExchange exchange, Failure failure)
    {
        try
        {
            if (exchange.ResponseStarted || failure.Side == FailureSide.Client && failure.Stage == FailureStage.Response) exchange.Abort();
            else
            {
                if (failure.Side == FailureSide.Client) exchange.CloseAfterwards();
                await ErrorResponse.SendAsync(exchange, failure);
            }
        }
        catch (ConnectionBrokenException)
        {
            exchange.Abort();
        }
    }

    private void Report(ServerExchange exchange, Failure? failure, TimeSpan duration)
    {
        int status = failure is null || exchange.ResponseStarted && Forwarder.Status != 0 ? Forwarder.Status : failure.Status;
        Context.Reporter.HttpFinished(Loop.Index, new HttpOutcome
        {
            Parties = Parties ?? DefaultParties,
            Telemetry = telemetry,
            Request = exchange.Request,
            Status = status,
            Failure = failure,
            Duration = duration,
            RequestBytes = Forwarder.RequestBytes,
            ResponseBytes = Forwarder.ResponseBytes,
            Client = exchange.RemoteAddress,
            Upstream = upstreamAddress,
            Route = Route,
            TraceId = trace.TraceId,
        });
    }
}
