using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Io;

namespace Mesh.Http.Http1;

/// <summary>Writes messages to a connection: heads and small pieces gather in the output buffer, large pieces go out without being copied.
/// A body of declared length is held to it, because one byte more or less would be read as another message.</summary>
internal sealed class Http1MessageWriter(PipeWriter output)
{
    /// <summary>Below this, copying costs less than a system call of its own.</summary>
    private const int LargestCopy = 4 * 1024;

    private BodyMode mode;
    private long remaining;
    private bool chunkOpen;

    public bool Ended { get; private set; } = true;

    public void StartBody(BodyMode bodyMode, long length)
    {
        (mode, remaining, chunkOpen) = (bodyMode, length, false);
        Ended = bodyMode == BodyMode.None;
    }

    public void WriteRequestHead(RequestHead head, BodyMode bodyMode, long length)
    {
        var text = Begin(HeadText.BoundOf(head), out byte[]? large);
        text.Put(head.Method.Span);
        text.Put(" "u8);
        text.Put(head.Target.Span);
        text.Put(" HTTP/1.1\r\nhost: "u8);
        text.Put(head.Authority.Span);
        text.Put("\r\n"u8);
        text.Put(head.Headers);
        if (bodyMode == BodyMode.Chunked) text.Put("transfer-encoding: chunked\r\n"u8);
        if (length >= 0 && bodyMode != BodyMode.Chunked && NeedsLength(head, length)) PutLength(ref text, length);
        End(ref text, large);
        StartBody(bodyMode, length);
    }

    /// <param name="bodiless">Never has a body whatever the headers say (to HEAD, 204, 304, 1xx), so its end needs no length.</param>
    public void WriteResponseHead(ResponseHead head, BodyMode bodyMode, long length, bool bodiless, bool close, bool keepAlive)
    {
        var text = Begin(HeadText.BoundOf(head), out byte[]? large);
        text.Put("HTTP/1.1 "u8);
        text.Put(head.Status);
        text.Put(" "u8);
        text.Put(head.Reason.IsEmpty ? ReasonPhrases.Of(head.Status) : head.Reason.Span);
        text.Put("\r\n"u8);
        text.Put(head.Headers);
        if (bodyMode == BodyMode.Chunked) text.Put("transfer-encoding: chunked\r\n"u8);
        if (bodyMode is BodyMode.Length or BodyMode.None && !bodiless && !head.Headers.Contains("content-length"u8)) PutLength(ref text, length);
        if (close) text.Put("connection: close\r\n"u8);
        else if (keepAlive) text.Put("connection: keep-alive\r\n"u8);
        End(ref text, large);
        if (!head.IsInterim) StartBody(bodyMode, length);
    }

    public ValueTask WriteBodyAsync(in ReadOnlySequence<byte> data)
    {
        if (data.IsEmpty) return default;
        CountBody(data.Length);
        if (mode == BodyMode.Chunked) WriteChunkStart(data.Length);
        if (data.Length > LargestCopy) return SendLarge(data);
        foreach (var part in data) output.Write(part.Span);
        return default;
    }

    /// <summary>Everything but the flush.</summary>
    public void EndBody(HeaderList? trailers)
    {
        if (Ended) return;
        Ended = true;
        if (mode == BodyMode.Length && remaining != 0)
            throw new InvalidOperationException($"the body is {remaining} bytes shorter than its declared length");
        if (mode != BodyMode.Chunked) return;
        var text = Begin(16 + (trailers is null ? 0 : HeadText.BoundOf(trailers)), out byte[]? large);
        text.Put(chunkOpen ? "\r\n0\r\n"u8 : "0\r\n"u8);
        chunkOpen = false;
        if (trailers is not null) text.Put(trailers);
        End(ref text, large);
    }

    public ValueTask FlushAsync()
    {
        CloseChunk();
        return Done(output.FlushAsync());
    }

    /// <summary>The connection, whose output this writes, ends at once.</summary>
    public ValueTask FlushLastAsync(Connection connection)
    {
        CloseChunk();
        return Done(connection.FlushLastAsync());
    }

    private static ValueTask Done(ValueTask<FlushResult> flush)
    {
        if (!flush.IsCompletedSuccessfully) return Wait(flush);
        flush.GetAwaiter().GetResult();
        return default;
    }

    private static bool NeedsLength(RequestHead head, long length) =>
        !head.Headers.Contains("content-length"u8) && (length > 0 || head.IsMethod("POST"u8) || head.IsMethod("PUT"u8) || head.IsMethod("PATCH"u8));

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private static async ValueTask Wait(ValueTask<FlushResult> flush) => await flush;

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private async ValueTask SendLarge(ReadOnlySequence<byte> data)
    {
        await output.WriteSequenceAsync(data);
    }

    private void CountBody(long bytes)
    {
        if (Ended) throw new InvalidOperationException("a message without body cannot carry one");
        if (mode != BodyMode.Length) return;
        remaining -= bytes;
        if (remaining < 0) throw new InvalidOperationException("the body is longer than its declared length");
    }

    private void WriteChunkStart(long length)
    {
        var span = output.GetSpan(24);
        int written = 0;
        if (chunkOpen)
        {
            "\r\n"u8.CopyTo(span);
            written = 2;
        }
        Utf8Formatter.TryFormat(length, span[written..], out int digits, 'x');
        written += digits;
        "\r\n"u8.CopyTo(span[written..]);
        output.Advance(written + 2);
        chunkOpen = true;
    }

    /// <summary>Only when nothing follows at once, otherwise the next chunk's start brings it along. There are clients that hand out a chunk when its end has come.</summary>
    private void CloseChunk()
    {
        if (!chunkOpen) return;
        output.Write("\r\n"u8);
        chunkOpen = false;
    }

    private HeadText Begin(int bound, out byte[]? large)
    {
        large = bound > LargestCopy ? ArrayPool<byte>.Shared.Rent(bound) : null;
        return new HeadText(large ?? output.GetSpan(bound));
    }

    private void End(ref HeadText text, byte[]? large)
    {
        text.Put("\r\n"u8);
        if (large is null)
        {
            output.Advance(text.Length);
            return;
        }
        output.Write(large.AsSpan(0, text.Length));
        ArrayPool<byte>.Shared.Return(large);
    }

    private static void PutLength(ref HeadText text, long length)
    {
        text.Put("content-length: "u8);
        text.Put(length);
        text.Put("\r\n"u8);
    }
}
