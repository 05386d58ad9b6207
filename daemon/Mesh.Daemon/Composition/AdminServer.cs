using System.Buffers;
using System.Text;
using Mesh.Daemon.Admin;
using Mesh.Http;
using Mesh.Http.Http1;
using Mesh.Io;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Composition;

/// <summary>Serves one admin endpoint over HTTP/1.1 on the control loop; pages are made on the thread pool, so that a large scrape holds up
/// neither configuration nor traffic.</summary>
internal sealed class AdminServer : IDisposable
{
    /// <summary>Operators and scrapers keep few connections; more is a mistake or an attack.</summary>
    private const int MaxConnections = 256;

    private static readonly HttpLimits Limits = HttpLimits.Default with
    {
        HeadTimeout = TimeSpan.FromSeconds(10),
        KeepAliveTimeout = TimeSpan.FromMinutes(2),
    };

    private readonly IAdminEndpoint endpoint;
    private readonly Log log;
    private readonly Listener listener;
    private int connections;

    /// <exception cref="IOException">The address cannot be bound.</exception>
    public AdminServer(IAdminEndpoint endpoint, IpPort address, Loop loop, SocketFactory sockets, Log log)
    {
        (this.endpoint, this.log) = (endpoint, log);
        listener = sockets.Listen(address, [loop], ListenOptions.Default, Accept);
    }

    public IpPort Address => listener.Address;

    public void Dispose() => listener.Dispose();

    private async void Accept(Connection connection)
    {
        if (connections >= MaxConnections)
        {
            connection.Abort();
            return;
        }
        connections++;
        try
        {
            await new Http1ServerConnection(connection, new Handler(endpoint), Limits).RunAsync();
        }
        catch (Exception error)
        {
            log.LoopFailed(error);
        }
        finally
        {
            connections--;
        }
    }

    private sealed class Handler(IAdminEndpoint endpoint) : IHttpHandler
    {
        public async ValueTask HandleAsync(ServerExchange exchange)
        {
            var request = exchange.Request;
            string? accept = request.Headers.TryGet("accept"u8, out var value) ? Encoding.Latin1.GetString(value) : null;
            var asked = new AdminRequest(request.Method.ToString(), request.Target.ToString(), accept);
            var answer = await Task.Run(() => endpoint.HandleAsync(asked).AsTask());
            var head = new ResponseHead { Status = answer.Status };
            head.Headers.Add("content-type", answer.ContentType);
            head.Headers.Add("cache-control", "no-store");
            if (answer.Allow is { } allow) head.Headers.Add("allow", allow);
            if (answer.Pieces is { } pieces) await SendAsync(exchange, head, pieces);
            else await exchange.RespondAsync(head, new ReadOnlySequence<byte>(answer.Body));
        }

        /// <summary>Pieces are made on the thread pool too, each after the one before was sent, so that memory stays at one piece however slow the reader is.</summary>
        private static async ValueTask SendAsync(ServerExchange exchange, ResponseHead head, IEnumerable<ReadOnlyMemory<byte>> pieces)
        {
            bool isHead = exchange.Request.IsMethod("HEAD"u8);
            exchange.StartResponse(head, isHead ? BodyFraming.None : BodyFraming.Streamed);
            using var next = pieces.GetEnumerator();
            while (!isHead && await Task.Run(next.MoveNext))
            {
                await exchange.WriteAsync(new ReadOnlySequence<byte>(next.Current));
                await exchange.FlushAsync();
            }
            await exchange.FinishAsync();
        }
    }
}
