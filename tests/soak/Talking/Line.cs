using System.Net.Security;
using System.Net.Sockets;
using Mesh.Soak.Bodies;

namespace Mesh.Soak.Talking;

/// <summary>One side of a conversation: a socket or a TLS session over it, with the endings of a socket.</summary>
internal sealed class Line(Socket socket, SslStream? tls) : IAsyncDisposable
{
    private readonly Stream stream = tls ?? (Stream)new NetworkStream(socket, ownsSocket: false);

    public const int Piece = 24_001;

    /// <exception cref="WrongException">It ended before.</exception>
    public async Task<byte[]> ReadExactlyAsync(int length, CancellationToken bound)
    {
        byte[] bytes = new byte[length];
        int read = await stream.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, bound);
        return read == length ? bytes : throw new WrongException($"ended after {read} of {length} bytes");
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken bound) => await stream.WriteAsync(bytes, bound);

    /// <summary>Sends the first bytes of a seed's pattern.</summary>
    public async Task SendPatternAsync(ulong seed, long length, int piece, CancellationToken bound)
    {
        byte[] buffer = new byte[(int)Math.Min(Math.Max(length, 1), piece)];
        for (long sent = 0; sent < length;)
        {
            int count = (int)Math.Min(buffer.Length, length - sent);
            Pattern.Fill(seed, sent, buffer.AsSpan(0, count));
            await stream.WriteAsync(buffer.AsMemory(0, count), bound);
            sent += count;
        }
    }

    /// <summary>Reads to the peer's end.</summary>
    /// <exception cref="IOException">The peer broke off.</exception>
    public async Task ReadToEndAsync(PatternCheck check, CancellationToken bound)
    {
        byte[] buffer = new byte[32 * 1024];
        while (await stream.ReadAsync(buffer, bound) is > 0 and int read) check.Take(buffer.AsSpan(0, read));
        check.End();
    }

    public async Task EchoAsync(CancellationToken bound)
    {
        byte[] buffer = new byte[32 * 1024];
        while (await stream.ReadAsync(buffer, bound) is > 0 and int read) await stream.WriteAsync(buffer.AsMemory(0, read), bound);
    }

    /// <summary>Nothing more will be sent; the other direction stays.</summary>
    public async Task HalfCloseAsync()
    {
        if (tls is not null) await tls.ShutdownAsync();
        socket.Shutdown(SocketShutdown.Send);
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        socket.Dispose();
    }
}
