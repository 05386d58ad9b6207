using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Tracing;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Forwarding;

/// <summary>What all HTTP handlers share: time it, carry it out, answer failures, report. One per downstream connection, which handles
/// one exchange at a time.</summary>
internal abstract class HttpConnectionHandler : IHttpHandler
{
    private readonly TraceHeaders trace;
    private readonly LoopLocal local;
    private IpPort upstreamAddress;
    private Snapshot? seen;
    private TelemetryModel telemetry = TelemetryModel.Default;
    private HttpForwarder? forwarder;

    protected HttpConnectionHandler(ProxyContext context, Loop loop)
    {
        (Context, local) = (context, context.OnLoop(loop));
        trace = new TraceHeaders(local.Bits);
    }

    protected ProxyContext Context { get; }
    protected Loop Loop => local.Loop;

    /// <summary>Lent for the request at hand.</summary>
    protected HttpForwarder Forwarder => forwarder!;

    /// <summary>The route that matched, for the record.</summary>
    protected string Route { get; set; } = "";

    /// <summary>Set as soon as they are known, and at the latest by the handler's end.</summary>
    protected TrafficParties? Parties { get; set; }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask HandleAsync(ServerExchange exchange)
    {
        long start = Loop.Time.GetTimestamp();
        forwarder = local.LendForwarder(this);
        (Route, Parties, upstreamAddress) = ("", null, default);
        Forwarder.Grpc.Begin(exchange.Request.Headers, start);
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
        if (failure is not null && !Forwarder.IsUpgraded) await Answer(exchange, failure);
        Report(exchange, failure, Loop.Time.GetElapsedTime(start));
        local.TakeBack(forwarder);
        forwarder = null;
    }

    /// <summary>The exchange has become a byte stream of another protocol.</summary>
    internal void OnUpgraded() => Context.Reporter.Upgraded(Loop.Index, (Parties ?? DefaultParties).ForUpgrade);

    public void OnRefused(RequestHead known, IpPort client, HttpMessageException error)
    {
        FollowTelemetry();
        // A record without method would be one of an opaque connection.
        if (known.Method.IsEmpty) known.Method.Set("-"u8);
        Context.Reporter.HttpFinished(Loop.Index, new HttpOutcome
        {
            Parties = DefaultParties,
            Telemetry = telemetry,
            Request = known,
            Status = error.Status,
            Failure = new Failure(ResponseFlag.DPE, FailureSide.Client, FailureStage.Request, error.Message) { Status = error.Status },
            Duration = TimeSpan.Zero,
            RequestBytes = 0,
            ResponseBytes = 0,
            Client = client,
            Upstream = default,
            Route = "",
            TraceId = default,
        });
    }

    /// <summary>Decides and forwards; returns or throws the failure.</summary>
    protected abstract ValueTask<Failure?> ForwardAsync(ServerExchange exchange);

    protected abstract TelemetryModel TelemetryIn(Snapshot snapshot);

    /// <summary>For exchanges that failed before an endpoint was chosen.</summary>
    protected abstract TrafficParties DefaultParties { get; }

    /// <summary>The request's head as the next hop shall get it, before what routes change of it.</summary>
    /// <param name="host">For a client of HTTP/1.0 that named none: an empty Host is refused by strict servers.</param>
    protected void Prepare(RequestHead request, string host)
    {
        if (request.Authority.IsEmpty) request.Authority.Set(host);
        if (request.IsHttp10) request.Headers.Remove("upgrade"u8); // RFC 9110 7.8
        if (HopByHop.Strip(request.Headers)) WebSocketKey.Ensure(request.Headers, local.Bits);
    }

    protected void Chose(IpPort upstream) => upstreamAddress = upstream;

    private void FollowTelemetry()
    {
        var snapshot = Context.Snapshots.Current;
        if (ReferenceEquals(seen, snapshot)) return;
        (seen, telemetry) = (snapshot, TelemetryIn(snapshot));
    }

    private async ValueTask Answer(ServerExchange exchange, Failure failure)
    {
        try
        {
            if (exchange.ResponseStarted && Forwarder.Grpc.IsCall && Forwarder.IsResponseStreamed && !exchange.IsClientGone())
                await ErrorResponse.EndGrpcAsync(exchange, failure, Forwarder.Grpc);
            else if (exchange.ResponseStarted || failure.Side == FailureSide.Client && failure.Stage == FailureStage.Response) exchange.Abort();
            else
            {
                if (failure.Side == FailureSide.Client) exchange.CloseAfterwards();
                await ErrorResponse.SendAsync(exchange, failure, Forwarder.Grpc);
            }
        }
        catch (ConnectionBrokenException)
        {
            exchange.Abort();
        }
    }

    private void Report(ServerExchange exchange, Failure? failure, TimeSpan duration)
    {
        var grpc = Forwarder.Grpc;
        var parties = Parties ?? DefaultParties;
        if (failure is not null && grpc is { IsCall: true, Status: < 0 }) grpc.Status = GrpcStatus.Of(failure);
        int status = failure is null || Forwarder.IsUpgraded || exchange.ResponseStarted && Forwarder.Status != 0 ? Forwarder.Status
            : grpc.IsCall && exchange.ResponseStarted ? 200 : failure.Status;
        Context.Reporter.HttpFinished(Loop.Index, new HttpOutcome
        {
            Parties = grpc.IsCall ? parties.ForGrpc : Forwarder.IsUpgraded ? parties.ForUpgrade : parties,
            IsUpgraded = Forwarder.IsUpgraded,
            Grpc = grpc.IsCall ? new GrpcOutcome(grpc.Status, grpc.Requests.Count, grpc.Responses.Count) : null,
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
