using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using Mesh.Http.Http2;
using Mesh.Io;

namespace Mesh.Http.Http1;

/// <summary>Serves one HTTP/1 connection: reads heads, hands exchanges to the handler in order, so that pipelined requests are answered in order.
/// Runs on the connection's loop; owns and disposes the connection.</summary>
public sealed class Http1ServerConnection : IDrainable
{
    private readonly Connection connection;
    private readonly IHttpHandler handler;
    private readonly HttpLimits limits;
    private readonly Http1ServerExchange exchange;
    private readonly IdleTimer idle;
    private Func<Connection, Task>? onHttp2;
    private bool isHttp2;
    private bool draining;

    /// <param name="onHttp2">Serves the connection instead, and disposes it, when the client begins with the HTTP/2 preface; null: that is refused.</param>
    public Http1ServerConnection(Connection connection, IHttpHandler handler, HttpLimits limits, Func<Connection, Task>? onHttp2 = null)
    {
        (this.connection, this.handler, this.limits, this.onHttp2) = (connection, handler, limits, onHttp2);
        exchange = new Http1ServerExchange(connection, limits);
        idle = new IdleTimer(connection.Loop.Timers, connection.Input);
    }

    /// <summary>True while no request is being handled.</summary>
    public bool IsIdle { get; private set; } = true;

    /// <summary>The current response says Connection: close; an idle connection ends now.</summary>
    public void Drain()
    {
        if (isHttp2) return;
        draining = true;
        exchange.CloseAfterwards();
        if (IsIdle) connection.Input.CancelPendingRead();
    }

    /// <summary>Ends when the connection has ended; ordinary endings do not throw.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public async ValueTask RunAsync()
    {
        try
        {
            while (await ReadRequest())
            {
                IsIdle = false;
                // Awaited here and not in a method of its own: one suspension fewer for each request.
                try
                {
                    await handler.HandleAsync(exchange);
                    if (!exchange.ResponseEnded && !exchange.TakenOver) exchange.Abort();
                }
                catch (HttpMessageException error)
                {
                    if (exchange.ResponseStarted) exchange.Abort();
                    else await Refuse(error);
                }
                if (!exchange.KeepAlive || !exchange.ResponseEnded || !(exchange.RequestEnded || await DrainRequest())) break;
                IsIdle = true;
            }
            if (!exchange.TakenOver && !isHttp2) await CloseGracefully();
        }
        catch (ConnectionBrokenException)
        {
        }
        finally
        {
            idle.Stop();
            exchange.Request.Release();
            if (!isHttp2) await connection.DisposeAsync();
        }
        if (isHttp2) await onHttp2!(connection);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> ReadRequest()
    {
        HttpMessageException refusal;
        try
        {
            if (!await ReadHead()) return false;
            exchange.StartRequest(draining);
            return true;
        }
        catch (HttpMessageException error)
        {
            refusal = error;
        }
        await Refuse(refusal);
        return false;
    }

    /// <returns>False when the client closed, or stayed silent too long, between requests.</returns>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> ReadHead()
    {
        bool started = false;
        while (true)
        {
            if (!connection.Input.TryRead(out var read))
            {
                if (!started) WaitForNext();
                read = await connection.Input.ReadAsync();
            }
            var buffer = SkipEmptyLines(read.Buffer);
            if (onHttp2 is not null && IsPreface(buffer) is not false)
            {
                if (LeaveToHttp2(buffer, read)) return false;
            }
            else if (TryParse(buffer, read.Buffer.End, out int headLength))
            {
                onHttp2 = null;
                connection.Input.AdvanceTo(buffer.GetPosition(headLength));
                idle.Stop();
                return true;
            }
            // One deadline from the first byte to the last: a client that trickles must not start it again.
            if (!started && !buffer.IsEmpty) idle.Start(limits.HeadTimeout);
            started = !buffer.IsEmpty;
            connection.Input.AdvanceTo(buffer.Start, read.Buffer.End);
            if (read.IsCanceled && started && !draining) throw new HttpMessageException(408, "the request header did not arrive in time");
            if (read.IsCanceled) return false;
            if (read.IsCompleted) return started ? throw new HttpMessageException(400, "the connection ended inside the request header") : false;
        }
    }

    private void WaitForNext()
    {
        exchange.Request.Release();
        idle.Start(limits.KeepAliveTimeout);
    }

    /// <summary>Null: it may become one.</summary>
    private static bool? IsPreface(in ReadOnlySequence<byte> buffer) =>
        buffer.IsEmpty || buffer.FirstSpan is [not (byte)'P', ..] ? false : Preface.Match(buffer);

    private bool LeaveToHttp2(in ReadOnlySequence<byte> buffer, in ReadResult read)
    {
        isHttp2 = Preface.Match(buffer) is true;
        if (isHttp2) connection.Input.AdvanceTo(read.Buffer.Start);
        return isHttp2;
    }

    /// <summary>What follows a head that cannot be read is dropped: nobody knows where the next message would start.</summary>
    private bool TryParse(ReadOnlySequence<byte> buffer, SequencePosition end, out int headLength)
    {
        try
        {
            return Http1Parser.TryParseRequest(buffer, limits, exchange.Request, out headLength);
        }
        catch (HttpMessageException)
        {
            connection.Input.AdvanceTo(end);
            throw;
        }
    }

    private bool HasUnread()
    {
        if (!connection.Input.TryRead(out var read)) return false;
        bool any = !read.Buffer.IsEmpty;
        connection.Input.AdvanceTo(read.Buffer.Start);
        return any;
    }

    /// <summary>RFC 9112 2.2: a server should ignore an empty line before the request line.</summary>
    private static ReadOnlySequence<byte> SkipEmptyLines(ReadOnlySequence<byte> buffer)
    {
        if (buffer.FirstSpan is not [(byte)'\r', ..]) return buffer;
        var reader = new SequenceReader<byte>(buffer); // the two bytes may be in different segments
        while (reader.IsNext("\r\n"u8, advancePast: true))
        {
        }
        return reader.UnreadSequence;
    }

    private async ValueTask Refuse(HttpMessageException error)
    {
        handler.OnRefused(exchange.Request, exchange.RemoteAddress, error);
        exchange.StartUnreadable();
        var head = new ResponseHead { Status = error.Status };
        head.Headers.Add("content-type", "text/plain");
        head.Headers.Add("x-mesh-error", $"DPE {error.Message}");
        await exchange.RespondAsync(head, new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(error.Message + "\n")));
    }

    /// <summary>Reads away what the handler left of the request body, within bounds, so that the next request can be found.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> DrainRequest()
    {
        long drained = 0;
        idle.Start(limits.DrainTimeout);
        try
        {
            while (!exchange.RequestEnded)
            {
                var read = await exchange.RequestBody.ReadAsync();
                drained += read.Buffer.Length;
                exchange.RequestBody.AdvanceTo(read.Buffer.End);
                if (read.IsCanceled || drained > limits.MaxDrainBytes) return false;
            }
        }
        catch (HttpMessageException)
        {
            return false;
        }
        idle.Stop();
        return true;
    }

    /// <summary>Half-closes and reads away what the client still sends until its FIN, within bounds: closing with unread bytes would reset the connection
    /// and could destroy the response on its way (RFC 9112 9.6). A client that has said its last is not waited for.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask CloseGracefully()
    {
        if (connection.ClosesAlone && exchange is { ClientCloses: true, RequestEnded: true, ResponseEnded: true } && !HasUnread())
        {
            await connection.CloseAsync();
            return;
        }
        await connection.Output.CompleteAsync();
        var time = connection.Loop.Time;
        long start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < limits.DrainTimeout)
        {
            idle.Start(limits.LingerTimeout);
            var read = await connection.Input.ReadAsync();
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || read.IsCanceled) return;
        }
    }
}
