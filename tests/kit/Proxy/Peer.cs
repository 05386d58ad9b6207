using System.Buffers;
using System.Text;
using Mesh.Io;

namespace Mesh.Kit.Proxy;

/// <summary>A raw client or server that does exactly what the test says, byte by byte. Used on its connection's loop only.</summary>
public sealed class Peer(Connection connection) : IAsyncDisposable
{
    public Connection Connection => connection;

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await connection.Output.WriteAsync(bytes);

    /// <summary>Half-closes.</summary>
    public async Task FinishAsync() => await connection.Output.CompleteAsync();

    public void Abort() => connection.Abort();

    public Task<string> ReadHeadAsync() => ReadUntilAsync("\r\n\r\n");

    /// <summary>Everything up to and including the marker.</summary>
    public async Task<string> ReadUntilAsync(string marker)
    {
        byte[] wanted = Encoding.Latin1.GetBytes(marker);
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            int at = read.Buffer.ToArray().AsSpan().IndexOf(wanted);
            if (at >= 0) return Take(read.Buffer, at + wanted.Length);
            Assert(!read.IsCompleted, read.Buffer, $"'{marker}'");
            connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public async Task<string> ReadAsync(int bytes)
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            if (read.Buffer.Length >= bytes) return Take(read.Buffer, bytes);
            Assert(!read.IsCompleted, read.Buffer, $"{bytes} bytes");
            connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>A head and the body that its content-length announces.</summary>
    public async Task<string> ReadMessageAsync()
    {
        string head = await ReadHeadAsync();
        string? length = head.Split("\r\n").SingleOrDefault(static line => line.StartsWith("content-length: ", StringComparison.OrdinalIgnoreCase));
        return length is null ? head : head + await ReadAsync(int.Parse(length["content-length: ".Length..]));
    }

    public async Task<string> ReadToEndAsync()
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            if (read.IsCompleted) return Take(read.Buffer, (int)read.Buffer.Length);
            connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Reads everything away until the connection ends, and tells how many bytes came and whether it ended by a reset.</summary>
    public async Task<(long Bytes, bool Reset)> DrainAsync(Action<ReadOnlySequence<byte>>? inspect = null)
    {
        long bytes = 0;
        try
        {
            while (true)
            {
                var read = await connection.Input.ReadAsync();
                inspect?.Invoke(read.Buffer);
                bytes += read.Buffer.Length;
                connection.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) return (bytes, false);
            }
        }
        catch (ConnectionBrokenException)
        {
            return (bytes, true);
        }
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private string Take(ReadOnlySequence<byte> buffer, int bytes)
    {
        string text = Encoding.Latin1.GetString(buffer.Slice(0, bytes));
        connection.Input.AdvanceTo(buffer.GetPosition(bytes));
        return text;
    }

    private static void Assert(bool more, ReadOnlySequence<byte> got, string wanted)
    {
        if (!more) throw new EndOfStreamException($"the peer ended before {wanted}; it had sent '{Encoding.Latin1.GetString(got)}'");
    }
}

/// <summary>Accepts connections for a test that plays the application.</summary>
public sealed class PeerServer : IDisposable
{
    private readonly Queue<Peer> accepted = new();
    private readonly Queue<TaskCompletionSource<Peer>> waiting = new();
    private readonly Listener listener;

    public PeerServer(SocketFactory sockets, Loop loop, IpPort address) => listener = sockets.Listen(address, [loop], ListenOptions.Default, OnAccepted);

    public IpPort Address => listener.Address;

    /// <summary>All that were ever accepted.</summary>
    public int Count { get; private set; }

    public Task<Peer> AcceptAsync()
    {
        if (accepted.TryDequeue(out var peer)) return Task.FromResult(peer);
        var next = new TaskCompletionSource<Peer>();
        waiting.Enqueue(next);
        return next.Task;
    }

    public void Dispose() => listener.Dispose();

    private void OnAccepted(Connection connection)
    {
        Count++;
        var peer = new Peer(connection);
        if (waiting.TryDequeue(out var next)) next.SetResult(peer);
        else accepted.Enqueue(peer);
    }
}
