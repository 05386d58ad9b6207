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
        Write(head.Method.Span, " "u8);
        Write(head.Target.Span, " HTTP/1.1\r\nhost: "u8);
        Write(head.Authority.Span, "\r\n"u8);
        WriteFields(head.Headers);
        if (bodyMode == BodyMode.Chunked) Write("transfer-encoding: chunked\r\n"u8, default);
        if (length >= 0 && bodyMode != BodyMode.Chunked && NeedsLength(head, length)) WriteLength(length);
        Write("\r\n"u8, default);
        StartBody(bodyMode, length);
    }

    /// <param name="bodiless">Never has a body whatever the headers say (to HEAD, 204, 304, 1xx), so its end needs no length.</param>
    public void WriteResponseHead(ResponseHead head, BodyMode bodyMode, long length, bool bodiless, bool close, bool keepAlive)
    {
        Write("HTTP/1.1 "u8, default);
        var status = output.GetSpan(4);
        Utf8Formatter.TryFormat(head.Status, status, out int digits);
        status[digits] = (byte)' ';
        output.Advance(digits + 1);
        Write(head.Reason.IsEmpty ? ReasonPhrases.Of(head.Status) : head.Reason.Span, "\r\n"u8);
        WriteFields(head.Headers);
        if (bodyMode == BodyMode.Chunked) Write("transfer-encoding: chunked\r\n"u8, default);
        if (bodyMode is BodyMode.Length or BodyMode.None && !bodiless && !head.Headers.Contains("content-length"u8)) WriteLength(length);
        if (close) Write("connection: close\r\n"u8, default);
        else if (keepAlive) Write("connection: keep-alive\r\n"u8, default);
        Write("\r\n"u8, default);
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
        Write(chunkOpen ? "\r\n0\r\n"u8 : "0\r\n"u8, default);
        if (trailers is not null) WriteFields(trailers);
        Write("\r\n"u8, default);
    }

    public ValueTask FlushAsync()
    {
        var flush = output.FlushAsync();
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
        foreach (var part in data) await output.WriteAsync(part);
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

    private void WriteFields(HeaderList headers)
    {
        for (int i = 0; i < headers.Count; i++)
        {
            var (name, value) = (headers.Name(i).Length, headers.Value(i).Length);
            if (name + value + 4 > LargestCopy)
            {
                Write(headers.Name(i), ": "u8);
                Write(headers.Value(i), "\r\n"u8);
                continue;
            }
            var span = output.GetSpan(name + value + 4);
            headers.Name(i).CopyTo(span);
            ": "u8.CopyTo(span[name..]);
            headers.Value(i).CopyTo(span[(name + 2)..]);
            "\r\n"u8.CopyTo(span[(name + 2 + value)..]);
            output.Advance(name + value + 4);
        }
    }

    private void WriteLength(long length)
    {
        Write("content-length: "u8, default);
        var span = output.GetSpan(24);
        Utf8Formatter.TryFormat(length, span, out int digits);
        "\r\n"u8.CopyTo(span[digits..]);
        output.Advance(digits + 2);
    }

    private void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        output.Write(first);
        output.Write(second);
    }
}
