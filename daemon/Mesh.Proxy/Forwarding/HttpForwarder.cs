using System.Runtime.CompilerServices;
using System.Text;
using Mesh.Http;
using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Routing;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Forwarding;

/// <summary>Carries one request to an upstream and its response back. Lent to a request by its loop, so that a connection that waits for the next one has none
/// and the one that a request gets was in use a moment before. The request head is already what the upstream shall get, without hop-by-hop fields.</summary>
internal sealed class HttpForwarder
{
    /// <summary>How long an answer may pause whose client ended the request too early: the rest comes, or waits for what never does.</summary>
    internal static readonly TimeSpan CutShortPatience = TimeSpan.FromSeconds(1);

    private readonly Loop loop;
    private readonly LoopTimer deadline;
    private readonly Action onClientBroken;
    private readonly RequestReplay replay = new();
    private readonly BodyCopy requestCopy = new();
    private readonly BodyCopy responseCopy = new();
    private ClientExchange? upstream;
    private Task? pump;
    private readonly LoopLocal local;
    private readonly TimeSpan upgradeIdleTimeout;
    private IdleWatch? silence;
    private bool timedOut;
    private bool wasSilent;
    private bool isClientsDeadline;
    private bool isCutOff; // the upstream took only a part of the request
    private bool isCutShort; // the client sent only a part of it
    private HttpMessageException? requestError;
    private Failure? relayFailure;

    public HttpForwarder(LoopLocal local, TimeSpan upgradeIdleTimeout)
    {
        (this.local, this.upgradeIdleTimeout, loop) = (local, upgradeIdleTimeout, local.Loop);
        Grpc = new GrpcCall(loop);
        deadline = new LoopTimer(loop.Timers, static self => ((HttpForwarder)self!).OnDeadline(), this);
        onClientBroken = () => upstream?.Abort();
    }

    public int Status { get; private set; }

    /// <summary>To be begun before the request is forwarded.</summary>
    public GrpcCall Grpc { get; }

    /// <summary>Whose request it is.</summary>
    public HttpConnectionHandler? Owner { get; private set; }

    /// <summary>It was a byte stream of another protocol at last.</summary>
    public bool IsUpgraded { get; private set; }

    /// <summary>The response has no declared length: it can end with trailers of our own.</summary>
    public bool IsResponseStreamed { get; private set; }

    public long RequestBytes => requestCopy.Bytes;
    public long ResponseBytes => responseCopy.Bytes;

    private bool NothingReceived { get; set; } // of a response

    public void Begin(HttpConnectionHandler owner)
    {
        Owner = owner;
        Status = 0;
        NothingReceived = true;
        requestCopy.Reset();
        responseCopy.Reset();
        replay.Begin();
        timedOut = wasSilent = isClientsDeadline = isCutOff = isCutShort = IsResponseStreamed = IsUpgraded = false;
        requestError = null;
        relayFailure = null;
    }

    /// <summary>The request is over and reported.</summary>
    public void End()
    {
        Owner = null;
        replay.Forget();
    }

    /// <summary>After <see cref="RunAsync"/>: the same request can and shall be sent again, by running once more.</summary>
    /// <param name="retries">How often it may be refused from now on.</param>
    public bool ShallRepeat(ServerExchange exchange, ClientExchange client, Failure? failure, ref int retries) =>
        NothingReceived && replay.TryUse(exchange, client, failure, ref retries);

    /// <summary>The mesh itself answered, as a route demands.</summary>
    public void Answered(int status) => Status = status;

    /// <param name="timeout">From now to the end of the response; zero for none.</param>
    /// <param name="idleTimeout">Without a byte of a body in either direction, or a head; zero for none.</param>
    /// <returns>Null, or what went wrong. After a failure the response may have been started.</returns>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<Failure?> RunAsync(
        ServerExchange exchange, ClientExchange client, HeaderEdit? responseEdit, TimeSpan timeout, TimeSpan idleTimeout = default)
    {
        if (!TryBegin(exchange, client, timeout, idleTimeout)) return DeadlinePassed;
        Exception? problem = null;
        try
        {
            client.StartRequest(exchange.Request, exchange.RequestFraming);
            replay.OnStarted(exchange, client);
            if (exchange.RequestFraming.HasBody) pump = Pump(exchange, client);
            else await client.FinishRequestAsync();
            var head = await client.ReadHeadAsync();
            while (head.IsInterim && head.Status != 101)
            {
                OnReceived();
                Strip(head);
                await exchange.WriteInterimAsync(head);
                head = await client.ReadHeadAsync();
            }
            OnReceived();
            Status = head.Status;
            bool upgrade = Strip(head);
            responseEdit?.Apply(head.Headers);
            if (head.Status == 101) await Upgrade(exchange, client, head, upgrade);
            else await Respond(exchange, client, head);
        }
        catch (HttpMessageException error)
        {
            problem = error;
        }
        catch (ConnectionBrokenException error)
        {
            problem = error;
        }
        deadline.Cancel();
        silence?.End();
        upstream = null;
        exchange.OnBroken = null;
        if (pump is not null) await StopPump(pump, exchange, client);
        return problem switch
        {
            null => relayFailure,
            HttpMessageException error => OnProtocolError(error),
            _ => OnBroken(exchange, client, problem),
        };
    }

    /// <returns>False when the client's deadline has passed.</returns>
    private bool TryBegin(ServerExchange exchange, ClientExchange client, TimeSpan timeout, TimeSpan idleTimeout)
    {
        if (Grpc.Remaining is { } left)
        {
            if (left <= TimeSpan.Zero) return false;
            Grpc.PassOn(exchange.Request.Headers, left);
            isClientsDeadline = timeout == TimeSpan.Zero || left < timeout;
            if (isClientsDeadline) timeout = left;
        }
        upstream = client;
        isCutOff = false;
        exchange.OnBroken = onClientBroken;
        if (timeout > TimeSpan.Zero) deadline.Arm(timeout);
        Watch(idleTimeout);
        return true;
    }

    /// <summary>Where there is no body for certain, a length is none of anything (RFC 9110 8.6), and who believes it waits or reads what is not meant.</summary>
    /// <returns>Whether a switch of protocols is granted.</returns>
    private static bool Strip(ResponseHead head)
    {
        if (head.Status is < 200 or 204) head.Headers.Remove("content-length"u8);
        return HopByHop.Strip(head.Headers);
    }

    /// <summary>To a client of HTTP/2 that asks for another protocol every 2xx says that it has begun (RFC 8441 5).</summary>
    private static bool LooksSwitched(ServerExchange exchange, int status) =>
        status is >= 200 and < 300 && exchange.IsHttp2 && UpgradeField.IsAsked(exchange.Request.Headers);

    private void OnReceived()
    {
        NothingReceived = false;
        replay.Forget();
        silence?.Touch();
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask Respond(ServerExchange exchange, ClientExchange client, ResponseHead head)
    {
        if (LooksSwitched(exchange, head.Status)) throw new HttpMessageException(502, $"the upstream answered a request for another protocol with {head.Status} and did not switch to it");
        if (LeavesBody(exchange, client, head.Status)) exchange.CloseAfterwards();
        IsResponseStreamed = client.ResponseFraming.IsStreamed;
        if (Grpc.IsCall) Grpc.Status = Mesh.Http.Grpc.ReadStatus(head.Headers);
        exchange.StartResponse(head, client.ResponseFraming);
        if (client.ResponseFraming.HasBody) await responseCopy.ResponseAsync(exchange, client, Grpc.IsCall ? Grpc.Responses : null);
        var trailers = client.ResponseTrailers;
        if (Grpc.IsCall && trailers.Count > 0) Grpc.Status = Mesh.Http.Grpc.ReadStatus(trailers);
        await exchange.FinishAsync(trailers.Count > 0 ? trailers : null);
    }

    /// <summary>The answer came before the end of the request, and nobody will read what is left: the client hears with the answer that its connection
    /// ends, and can stop sending (RFC 9112 9.6). Other early answers may belong to a conversation.</summary>
    private bool LeavesBody(ServerExchange exchange, ClientExchange client, int status)
    {
        if (isCutOff) return true;
        if (pump is null or { IsCompleted: true }) return false;
        return client.EndsRequest || status >= 400;
    }

    /// <summary>Sends the request body while the response is awaited. Its failures surface through the response side.</summary>
    private async Task Pump(ServerExchange exchange, ClientExchange client)
    {
        try
        {
            if (replay.Length > 0) await SendAgain(client);
            if (!await requestCopy.RequestAsync(exchange, client, Grpc.IsCall ? Grpc.Requests : null, replay)) return;
            await client.FinishRequestAsync(exchange.RequestTrailers.Count > 0 ? exchange.RequestTrailers : null);
        }
        catch (HttpMessageException error)
        {
            requestError = error;
            client.Abort();
        }
        catch (ConnectionBrokenException)
        {
            // The upstream may stop reading and still answer (413); a client that is gone is met when the response is written.
            isCutOff = true;
            if (exchange.IsClientGone()) client.Abort();
            else if (exchange.ClientFault is not null) OnCutShort();
        }
    }

    /// <summary>What an upstream that refused the request had been sent of its body.</summary>
    private async ValueTask SendAgain(ClientExchange client)
    {
        requestCopy.Reset();
        requestCopy.Add(replay.Length);
        try
        {
            await client.WriteAsync(replay.Lend());
        }
        finally
        {
            replay.Return();
        }
    }

    /// <summary>The exchange is over: what is left of the request has no reader any more. Nobody may read the client's connection before this has ended.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask StopPump(Task running, ServerExchange exchange, ClientExchange client)
    {
        if (!running.IsCompleted)
        {
            exchange.CloseAfterwards();
            if (requestCopy.IsReading) exchange.RequestBody.CancelPendingRead();
            else client.Abort();
        }
        await running;
        pump = null;
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask Upgrade(ServerExchange exchange, ClientExchange client, ResponseHead head, bool granted)
    {
        if (!granted) throw new HttpMessageException(502, "the upstream switched protocols without naming one");
        if (pump is { IsCompleted: false }) throw new HttpMessageException(502, "the upstream switched protocols before the request had ended");
        head.Headers.TryGet("upgrade"u8, out var protocol);
        if (!UpgradeField.Lists(exchange.Request.Headers, protocol)) throw new HttpMessageException(502, "the upstream switched to a protocol that was not asked for");
        bool isWebSocket = Ascii.EqualsIgnoreCase(protocol, "websocket"u8);
        if (isWebSocket && exchange.IsHttp2) WebSocketKey.DemandProof(exchange.Request.Headers, head.Headers);
        await exchange.WriteInterimAsync(head);
        deadline.Cancel();
        silence?.End();
        IsUpgraded = true;
        Owner!.OnUpgraded();
        var relay = new UpgradedRelay(exchange.TakeOver(), client.TakeOver(), isWebSocket, upgradeIdleTimeout, local.Bits);
        var running = relay.RunAsync();
        using (local.Drains.Track(relay)) await running;
        requestCopy.Add(relay.ReceivedBytes);
        responseCopy.Add(relay.SentBytes);
        relayFailure = TcpFailures.Of(relay);
    }

    private static Failure OnProtocolError(HttpMessageException error) => error.Status == 502
        ? new Failure(ResponseFlag.DPE, FailureSide.Upstream, FailureStage.Response, error.Message)
        : new Failure(ResponseFlag.DPE, FailureSide.Client, FailureStage.Request, error.Message) { Status = error.Status };

    private Failure OnBroken(ServerExchange exchange, ClientExchange client, Exception error)
    {
        if (timedOut && isClientsDeadline) return DeadlinePassed;
        if (timedOut) return TimedOut;
        if (wasSilent) return new Failure(ResponseFlag.SI, FailureSide.Upstream, FailureStage.Response, "no byte was carried for longer than the idle timeout");
        if (requestError is not null)
            return new Failure(ResponseFlag.DPE, FailureSide.Client, FailureStage.Request, requestError.Message) { Status = requestError.Status };
        if (exchange.ClientFault is { } fault) return new Failure(ResponseFlag.DPE, FailureSide.Client, FailureStage.Request, fault) { Status = 400 };
        if (exchange.IsClientGone()) return new Failure(ResponseFlag.DC, FailureSide.Client, FailureStage.Response, "the client went away");
        return new Failure(ResponseFlag.UC, FailureSide.Upstream, FailureStage.Response, $"the upstream broke the connection: {error.Message}",
            RetrySafe: NothingReceived && client.IsRefused);
    }

    internal static readonly Failure TimedOut = new(ResponseFlag.UT, FailureSide.Upstream, FailureStage.Response, "the request took longer than its timeout");

    internal static readonly Failure DeadlinePassed =
        new(ResponseFlag.DT, FailureSide.Upstream, FailureStage.Response, "the deadline that the client set with grpc-timeout has passed");

    private void Watch(TimeSpan idleTimeout)
    {
        if (idleTimeout <= TimeSpan.Zero && silence is null) return;
        if (idleTimeout > TimeSpan.Zero) (silence ??= new IdleWatch(loop, OnSilence)).Begin(idleTimeout);
        requestCopy.Watch = responseCopy.Watch = idleTimeout > TimeSpan.Zero ? silence : null;
    }

    private void OnCutShort()
    {
        if (upstream is null) return; // the exchange is over
        isCutShort = true;
        responseCopy.Watch = silence ??= new IdleWatch(loop, OnSilence);
        silence.Tighten(CutShortPatience);
    }

    private void OnSilence()
    {
        wasSilent = !isCutShort;
        upstream?.Abort();
    }

    private void OnDeadline()
    {
        timedOut = true;
        upstream?.Abort();
    }
}
