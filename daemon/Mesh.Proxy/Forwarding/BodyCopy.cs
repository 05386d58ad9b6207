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
    public ValueTask<bool> RunAsync(ServerExchange from, ClientExchange to, GrpcMessages? messages, RequestReplay replay) => Run(from.RequestBody, null, to, messages, replay);

    public ValueTask<bool> RunAsync(ClientExchange from, ServerExchange to, GrpcMessages? messages) => Run(from.ResponseBody, to, null, messages, null);

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> Run(PipeReader body, ServerExchange? toClient, ClientExchange? toUpstream, GrpcMessages? messages, RequestReplay? replay)
    {
        while (true)
        {
            if (!body.TryRead(out var read))
            {
                await (toClient is not null ? toClient.FlushAsync() : toUpstream!.FlushAsync());
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
                    await (toClient is not null ? toClient.WriteAsync(read.Buffer) : toUpstream!.WriteAsync(read.Buffer));
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
}
