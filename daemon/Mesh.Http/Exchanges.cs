using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Http;

/// <summary>Answers requests. Called on the connection's loop, one exchange of a connection at a time for HTTP/1, many for HTTP/2.</summary>
public interface IHttpHandler
{
    /// <summary>Must finish the response, or abort the exchange; what it throws aborts the exchange too.</summary>
    ValueTask HandleAsync(ServerExchange exchange);

    /// <summary>A request was refused without the handler, because it cannot be read: to be counted. Not called while the handler handles another.</summary>
    /// <param name="known">What could be read of the head; the rest is empty. Not to be kept.</param>
    void OnRefused(RequestHead known, IpPort client, HttpMessageException error)
    {
    }
}

/// <summary>One request and its response as the server side sees them. Order: interim heads, <see cref="StartResponse"/>, writes, <see cref="FinishAsync"/>.
/// Objects are reused for the next request of the connection: nothing may be kept after the handler returns.</summary>
public abstract class ServerExchange
{
    public RequestHead Request { get; } = new();

    /// <summary>None, a known length, or streamed.</summary>
    public abstract BodyFraming RequestFraming { get; }

    /// <summary>Completed with the last bytes. Throws <see cref="HttpMessageException"/> when the body is malformed or cut short.</summary>
    public abstract PipeReader RequestBody { get; }

    /// <summary>Filled when <see cref="RequestBody"/> has completed.</summary>
    public abstract HeaderList RequestTrailers { get; }

    /// <summary>True once <see cref="StartResponse"/> was called: too late for another answer.</summary>
    public abstract bool ResponseStarted { get; }

    /// <summary>Of the client's connection.</summary>
    public abstract IpPort RemoteAddress { get; }

    /// <summary>The client speaks HTTP/2: an application behind a port whose protocol nobody named is spoken to in the same way.</summary>
    public abstract bool IsHttp2 { get; }

    /// <summary>Called on the loop when the client goes away (connection or stream reset) while the exchange is open; null: nobody wants to know.</summary>
    public abstract Action? OnBroken { get; set; }

    /// <summary>The client has gone away. To be asked only while nobody reads the request.</summary>
    public abstract bool IsClientGone();

    /// <summary>What the client did wrong with its request, for which the exchange was reset; null: nothing.</summary>
    public virtual string? ClientFault => null;

    /// <summary>Sends a 1xx head at once; HTTP/1.0 clients are spared it.</summary>
    public abstract ValueTask WriteInterimAsync(ResponseHead head);

    /// <summary>Buffers the head. Framing fields (Transfer-Encoding, Connection) are the exchange's business; a Content-Length in the head is kept.</summary>
    public abstract void StartResponse(ResponseHead head, BodyFraming framing);

    /// <summary>Buffers small writes and sends large ones.</summary>
    public abstract ValueTask WriteAsync(ReadOnlySequence<byte> data);

    /// <summary>As <see cref="WriteAsync"/>; nothing of the body comes after it.</summary>
    /// <param name="withTrailers"><see cref="FinishAsync"/>, which must follow all the same, will get some.</param>
    public virtual ValueTask WriteLastAsync(ReadOnlySequence<byte> data, bool withTrailers) => WriteAsync(data);

    public abstract ValueTask FlushAsync();

    /// <summary>Ends the body and sends everything buffered.</summary>
    public abstract ValueTask FinishAsync(HeaderList? trailers = null);

    /// <summary>After the response this connection is closed (drain, protocol doubt). Over HTTP/2 only the stream is in doubt, and it ends anyway.</summary>
    public abstract void CloseAfterwards();

    /// <summary>After a 101 was sent: the bytes that follow belong to the caller, who completes both directions before the handler returns.</summary>
    public abstract Connection TakeOver();

    /// <summary>Resets the exchange: the client learns that the response is incomplete.</summary>
    public abstract void Abort();
}

/// <summary>One request and its response as the client side sees them. Disposed by who made it; over HTTP/2 that ends the stream, not the connection.</summary>
public abstract class ClientExchange : IAsyncDisposable
{
    /// <summary>The connection has carried an exchange before: a failure then means something else than on a fresh one.</summary>
    public abstract bool IsOnKeptConnection { get; }

    /// <summary>Of an exchange that broke: the kept connection ended with it, so the upstream may have closed it just when it was used. Of a stream alone that cannot be.</summary>
    public virtual bool BrokeWithKeptConnection => IsOnKeptConnection;

    /// <summary>The upstream can say <see cref="IsRefused"/>.</summary>
    public abstract bool CanRefuse { get; }

    /// <summary>The upstream has certainly not acted on the request (HTTP/2 REFUSED_STREAM or GOAWAY): it may be sent elsewhere.</summary>
    public abstract bool IsRefused { get; }

    /// <summary>Of one that <see cref="IsRefused"/>: not it was refused, the connection takes nothing more (GOAWAY).</summary>
    public abstract bool IsConnectionEnding { get; }

    /// <summary>Buffers the head. Framing fields are the exchange's business; Host is written from the authority.</summary>
    public abstract void StartRequest(RequestHead head, BodyFraming framing);

    public abstract ValueTask WriteAsync(ReadOnlySequence<byte> data);

    /// <summary>As <see cref="WriteAsync"/>; nothing of the body comes after it.</summary>
    /// <param name="withTrailers"><see cref="FinishRequestAsync"/>, which must follow all the same, will get some.</param>
    public virtual ValueTask WriteLastAsync(ReadOnlySequence<byte> data, bool withTrailers) => WriteAsync(data);

    public abstract ValueTask FlushAsync();

    public abstract ValueTask FinishRequestAsync(HeaderList? trailers = null);

    /// <summary>The next head: 1xx heads come one by one before the final one. Valid until the next call.</summary>
    /// <exception cref="HttpMessageException">502: malformed or cut short.</exception>
    public abstract ValueTask<ResponseHead> ReadHeadAsync();

    public abstract BodyFraming ResponseFraming { get; }

    public abstract PipeReader ResponseBody { get; }

    public abstract HeaderList ResponseTrailers { get; }

    /// <summary>Known with the final head: the upstream takes nothing more of the request than it has.</summary>
    public abstract bool EndsRequest { get; }

    /// <summary>Both messages are whole and the connection may carry another exchange.</summary>
    public abstract bool IsReusable { get; }

    /// <summary>After a 101: the connection's bytes belong to the caller.</summary>
    public abstract Connection TakeOver();

    public abstract void Abort();

    public abstract ValueTask DisposeAsync();
}

public static class ServerExchangeExtensions
{
    /// <summary>A whole response from memory. Extra fields are taken from the head's headers as they are.</summary>
    public static ValueTask RespondAsync(this ServerExchange exchange, ResponseHead head, ReadOnlySequence<byte> body)
    {
        bool isHead = exchange.Request.IsMethod("HEAD"u8);
        if (!head.Headers.Contains("content-length"u8) && head.Status is not (204 or 304))
            head.Headers.Add("content-length", body.Length.ToString());
        exchange.StartResponse(head, isHead ? BodyFraming.None : BodyFraming.OfLength(body.Length));
        return isHead || body.IsEmpty ? exchange.FinishAsync() : WriteAndFinish(exchange, body);

        static async ValueTask WriteAndFinish(ServerExchange exchange, ReadOnlySequence<byte> body)
        {
            await exchange.WriteAsync(body);
            await exchange.FinishAsync();
        }
    }
}
