using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Mesh.Http.Http1;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>Serves one HTTP/2 connection: every stream is an exchange with a handler of its own, many at a time. Runs on the connection's loop; owns and
/// disposes the connection. As many handlers are made as there were streams at once, and reused.</summary>
public sealed class Http2ServerConnection : IDrainable
{
    private readonly Http2Connection http2;
    private readonly Connection transport;
    private readonly Func<IHttpHandler> newHandler;
    private readonly Stack<Server> idle = new();
    private readonly LoopTimer idleTimer;
    private readonly TimeSpan idleTimeout;
    private int serving;

    /// <param name="limits">The keep-alive timeout counts while no stream is open; then the connection is closed with GOAWAY.</param>
    public Http2ServerConnection(Connection transport, Func<IHttpHandler> newHandler, HttpLimits limits)
    {
        (this.transport, this.newHandler, idleTimeout) = (transport, newHandler, limits.KeepAliveTimeout);
        http2 = Http2Connection.Server(transport, Http2Settings.Requests with { MaxHeaderListBytes = limits.MaxHeadBytes }, Http2Limits.Requests);
        http2.OnRefused = OnRefused;
        idleTimer = new LoopTimer(transport.Loop.Timers, static self => ((Http2ServerConnection)self!).OnIdle(), this);
    }

    /// <summary>See <see cref="Http2Connection.Reproach"/>.</summary>
    public ErrorCode? Reproach => http2.Reproach;

    /// <summary>Lets open streams finish and takes no more (RFC 9113 6.8).</summary>
    public void Drain() => _ = http2.GoAwayAsync();

    /// <summary>Ends when the connection and its last handler have ended; ordinary endings do not throw.</summary>
    public async Task RunAsync()
    {
        var running = http2.RunAsync();
        idleTimer.Arm(idleTimeout);
        while (await http2.AcceptAsync() is { } stream)
        {
            if (serving++ == 0) idleTimer.Cancel();
            var server = Take();
            server.Watch(Serve(server, stream));
        }
        idleTimer.Cancel();
        await running;
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask Serve(Server server, Http2Stream stream)
    {
        var exchange = server.Exchange;
        HttpMessageException? refused = null;
        try
        {
            try
            {
                exchange.Start(stream);
                DemandServable(exchange.Request);
                await server.Handler.HandleAsync(exchange);
            }
            catch (HttpMessageException error)
            {
                refused = error;
            }
            if (refused is not null) await Refuse(server, refused);
        }
        catch (ConnectionBrokenException)
        {
            // The stream or the connection ended; reported where it was carried.
        }
        finally
        {
            await exchange.EndAsync();
            idle.Push(server);
            if (--serving == 0 && http2.IsOpen) idleTimer.Arm(idleTimeout);
        }
    }

    private Server Take() => idle.TryPop(out var kept) ? kept : new Server(transport.Loop, new Http2ServerExchange(transport), newHandler());

    private void OnRefused(HeaderList fields, HttpMessageException error)
    {
        var server = Take();
        var known = server.Exchange.Request;
        known.Clear();
        if (fields.TryGet(":method"u8, out var method) && Http1Parser.IsToken(method)) known.Method.Set(method);
        if (fields.TryGet(":path"u8, out var path) && Http1Parser.IsTarget(path)) known.Target.Set(path);
        if (fields.TryGet(":authority"u8, out var authority) && Http1Parser.IsAuthority(authority)) known.Authority.Set(authority);
        server.Handler.OnRefused(known, transport.RemoteAddress, error);
        idle.Push(server);
    }

    private void OnIdle()
    {
        // The last responses may still be on their way to a slow reader.
        if (http2.ActiveStreams > 0) idleTimer.Arm(idleTimeout);
        else Drain();
    }

    private static void DemandServable(RequestHead request)
    {
        if (request.Authority.IsEmpty) throw new HttpMessageException(400, "there is neither :authority nor host");
        // Only extended CONNECT has the field here. What is not known is answered so (RFC 9220 3).
        if (request.Headers.Contains("upgrade"u8) && !UpgradeField.MayPass(request.Headers)) throw new HttpMessageException(501, "CONNECT to this :protocol is not offered here");
    }

    /// <summary>What serves one stream after another.</summary>
    private sealed class Server(Loop loop, Http2ServerExchange exchange, IHttpHandler handler)
    {
        private ValueTask serving;
        private Action? onEnd;

        public Http2ServerExchange Exchange => exchange;

        public IHttpHandler Handler => handler;

        /// <summary>Nobody awaits it; what escapes from it is the loop's to report.</summary>
        public void Watch(ValueTask task)
        {
            serving = task;
            if (task.IsCompleted) End();
            else task.GetAwaiter().UnsafeOnCompleted(onEnd ??= End);
        }

        private void End()
        {
            try
            {
                serving.GetAwaiter().GetResult();
            }
            catch (Exception error)
            {
                loop.Post(static escaped => ((ExceptionDispatchInfo)escaped!).Throw(), ExceptionDispatchInfo.Capture(error));
            }
        }
    }

    private static ValueTask Refuse(Server server, HttpMessageException error)
    {
        var exchange = server.Exchange;
        server.Handler.OnRefused(exchange.Request, exchange.RemoteAddress, error);
        if (exchange.ResponseStarted)
        {
            exchange.Abort();
            return default;
        }
        var head = new ResponseHead { Status = error.Status };
        head.Headers.Add("content-type", "text/plain");
        head.Headers.Add("x-mesh-error", $"DPE {error.Message}");
        return exchange.RespondAsync(head, new ReadOnlySequence<byte>(System.Text.Encoding.UTF8.GetBytes(error.Message + "\n")));
    }
}
