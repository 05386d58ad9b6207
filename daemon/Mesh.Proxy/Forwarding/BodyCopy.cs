using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Http;
using Mesh.Io;

namespace Mesh.Proxy.Forwarding;

/// <summary>Copies one body from reader to writer. Flushes only when the reader has nothing more just now, so that a small message
/// leaves with its head in one system call.</summary>
internal sealed class BodyCopy
{
    public long Bytes { get; private set; }

    /// <summary>It waits for the reader just now, not for the writer.</summary>
    public bool IsReading { get; private set; }

    /// <summary>Touched by every byte; null: nobody watches.</summary>
    public IdleWatch? Watch { get; set; }

    public void Reset() => Bytes = 0;

    public void Add(long bytes) => Bytes += bytes;

    /// <param name="replay">Gets what is read.</param>
    /// <returns>False when the read was cancelled before the end.</returns>
    public ValueTask<bool> RequestAsync(ServerExchange server, ClientExchange client, GrpcMessages? messages, RequestReplay replay) => Run(server, client, isRequest: true, messages, replay);

    /// <inheritdoc cref="RequestAsync"/>
    public ValueTask<bool> ResponseAsync(ServerExchange server, ClientExchange client, GrpcMessages? messages) => Run(server, client, isRequest: false, messages, null);

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> Run(ServerExchange server, ClientExchange client, bool isRequest, GrpcMessages? messages, RequestReplay? replay)
    {
        var body = isRequest ? server.RequestBody : client.ResponseBody;
        while (true)
        {
            if (!body.TryRead(out var read))
            {
                await (isRequest ? client.FlushAsync() : server.FlushAsync());
                IsReading = true;
                try
                {
                    read = await body.ReadAsync();
                }
                finally
                {
                    IsReading = false;
                }
            }
            if (read.IsCanceled) return false;
            if (!read.Buffer.IsEmpty)
            {
                messages?.Read(read.Buffer);
                replay?.Add(read.Buffer);
                long bytes = read.Buffer.Length;
                try
                {
                    await (isRequest ? WriteAsync(server, client, read) : WriteAsync(client, server, read));
                    Bytes += bytes;
                    Watch?.Touch();
                }
                finally
                {
                    body.AdvanceTo(read.Buffer.End);
                }
            }
            if (read.IsCompleted) return true;
        }
    }

    private static ValueTask WriteAsync(ServerExchange from, ClientExchange to, in ReadResult read) =>
        read.IsCompleted ? to.WriteLastAsync(read.Buffer, from.RequestTrailers.Count > 0) : to.WriteAsync(read.Buffer);

    private static ValueTask WriteAsync(ClientExchange from, ServerExchange to, in ReadResult read) =>
        read.IsCompleted ? to.WriteLastAsync(read.Buffer, from.ResponseTrailers.Count > 0) : to.WriteAsync(read.Buffer);
}
