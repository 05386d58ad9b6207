using System.Net;
using System.Net.Sockets;

namespace Mesh.Soak.Serving;

/// <summary>Accepts on one port for as long as the process lives.</summary>
internal static class SocketServer
{
    public static void Start(int port, Func<Socket, Task> serve, Complaints complaints)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Any, port));
        listener.Listen(512);
        _ = AcceptAsync(listener, serve, complaints);
    }

    private static async Task AcceptAsync(Socket listener, Func<Socket, Task> serve, Complaints complaints)
    {
        while (true) _ = ServeAsync(await listener.AcceptAsync(), serve, complaints);
    }

    private static async Task ServeAsync(Socket socket, Func<Socket, Task> serve, Complaints complaints)
    {
        using var closing = socket;
        try
        {
            socket.NoDelay = true;
            await serve(socket);
        }
        catch (Exception error)
        {
            complaints.Say($"the server itself failed: {error}");
        }
    }
}
