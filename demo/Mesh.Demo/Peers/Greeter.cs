using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mesh.Demo.Peers;

/// <summary>A TCP service that speaks first: a greeting, then every line back as it came. A proxy that waits for the client's first bytes would stall it.</summary>
internal static class Greeter
{
    public const string Greeting = "220 greeter ready";

    public static async Task<int> ServeAsync(int port, CancellationToken stopping)
    {
        using var listener = new TcpListener(IPAddress.Any, port);
        listener.Start();
        try
        {
            while (true) _ = GreetAsync(await listener.AcceptTcpClientAsync(stopping), stopping);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }

    private static async Task GreetAsync(TcpClient client, CancellationToken stopping)
    {
        using var closing = client;
        try
        {
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Greeting + "\r\n"), stopping);
            await stream.CopyToAsync(stream, stopping);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The client left; the next one is served.
        }
    }
}
