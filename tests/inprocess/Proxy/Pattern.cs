using System.Buffers;
using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Bytes that tell their own position, so that a lost, doubled or swapped block is found.</summary>
internal static class Pattern
{
    private const int Piece = 100_003;

    /// <summary>The same bytes as text, each one character.</summary>
    public static string Text(int bytes) => string.Create(bytes, 0, static (text, _) =>
    {
        for (int i = 0; i < text.Length; i++) text[i] = (char)At(i);
    });

    public static async Task SendAsync(Peer peer, int bytes)
    {
        byte[] piece = new byte[Piece];
        for (int sent = 0; sent < bytes; sent += Piece)
        {
            int length = Math.Min(Piece, bytes - sent);
            for (int i = 0; i < length; i++) piece[i] = At(sent + i);
            await peer.SendAsync(piece.AsMemory(0, length));
        }
    }

    public static async Task EchoAsync(Peer peer, int bytes)
    {
        for (long left = bytes; left > 0;)
        {
            var read = await peer.Connection.Input.ReadAsync();
            byte[] copy = read.Buffer.ToArray();
            peer.Connection.Input.AdvanceTo(read.Buffer.End);
            left -= copy.Length;
            await peer.SendAsync(copy);
        }
    }

    public static async Task CheckAsync(Peer peer, int bytes)
    {
        for (int at = 0; at < bytes;)
        {
            var read = await peer.Connection.Input.ReadAsync();
            foreach (var part in read.Buffer) at = Check(part.Span, at);
            peer.Connection.Input.AdvanceTo(read.Buffer.End);
            Assert.False(read.IsCompleted && at < bytes, $"the peer ended after {at} of {bytes} bytes");
        }
    }

    private static int Check(ReadOnlySpan<byte> part, int at)
    {
        for (int i = 0; i < part.Length; i++)
        {
            if (part[i] != At(at + i)) Assert.Fail($"byte {at + i} is wrong");
        }
        return at + part.Length;
    }

    private static byte At(int position) => (byte)((uint)position * 2654435761u >> 24);
}
