using System.Net.Sockets;

namespace Mesh.Soak.Loading;

internal static class Sockets
{
    public static async Task<Socket> ConnectAsync(Conversation talk, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(talk.Target.Host, port, talk.Bound);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
