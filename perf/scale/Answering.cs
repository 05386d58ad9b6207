using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mesh.Scale;

/// <summary>An HTTP/1.1 server that answers every request with its name.</summary>
internal sealed class Answering : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly byte[] answer;

    public Answering(string name)
    {
        answer = Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {name.Length}\r\n\r\n{name}");
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true) _ = ServeAsync(await listener.AcceptSocketAsync());
    }

    /// <summary>Requests have no body and are not pipelined.</summary>
    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            byte[] buffer = new byte[8192];
            int length = 0;
            while (await client.ReceiveAsync(buffer.AsMemory(length)) is var read and > 0)
            {
                length += read;
                if (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8)) continue;
                length = 0;
                await client.SendAsync(answer);
            }
        }
    }
}
