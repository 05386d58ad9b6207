using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Mesh.Soak.Serving;

/// <summary>HTTP/1.1 over a socket, for either side, with what was read too far.</summary>
internal sealed class RawHttpConnection(Socket socket, CancellationToken bound)
{
    private readonly byte[] buffer = new byte[64 * 1024];
    private int start, end;

    public delegate void Take(ReadOnlySpan<byte> bytes);

    /// <returns>Null when the peer has ended between messages.</returns>
    public async Task<RawHttpHead?> ReadHeadAsync()
    {
        if (await ReadLineAsync() is not { Length: > 0 } first) return null;
        var fields = new Dictionary<string, string>();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':');
            fields[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
        }
        return new RawHttpHead(first, fields);
    }

    /// <param name="isResponse">Without any framing a response lasts to the end of the connection, a request has no body.</param>
    /// <returns>Trailers.</returns>
    public async Task<IReadOnlyList<string>> ReadBodyAsync(RawHttpHead head, Take take, bool isResponse)
    {
        if (head.IsChunked) return await ReadChunksAsync(take);
        if (head.ContentLength >= 0) await ReadExactlyAsync(head.ContentLength, take);
        else if (isResponse) await ReadToEndAsync(take);
        return [];
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, bound)..];
    }

    public void HalfClose() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>RST instead of FIN.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public async Task ReadToEndAsync(Take take)
    {
        do
        {
            take(buffer.AsSpan(start, end - start));
        }
        while (await FillAsync());
    }

    private async Task<IReadOnlyList<string>> ReadChunksAsync(Take take)
    {
        while (true)
        {
            string size = await ReadLineAsync() ?? throw new IOException("ended in a chunked body");
            long length = long.Parse(size.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0) break;
            await ReadExactlyAsync(length, take);
            await ReadLineAsync();
        }
        var trailers = new List<string>();
        while (await ReadLineAsync() is { Length: > 0 } line) trailers.Add(line);
        return trailers;
    }

    private async Task ReadExactlyAsync(long length, Take take)
    {
        while (length > 0)
        {
            if (start == end && !await FillAsync()) throw new IOException("ended in a body");
            int count = (int)Math.Min(end - start, length);
            take(buffer.AsSpan(start, count));
            start += count;
            length -= count;
        }
    }

    private async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (start == end && !await FillAsync()) return line.Length == 0 ? null : throw new IOException("ended in a line");
            char c = (char)buffer[start++];
            if (c == '\n') return line.ToString();
            if (c != '\r') line.Append(c);
        }
    }

    private async Task<bool> FillAsync()
    {
        start = 0;
        end = await socket.ReceiveAsync(buffer.AsMemory(), bound);
        return end > 0;
    }
}
