using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mesh.Load.Runs;

/// <summary>Where requests go, resolved once, and the bytes of a request.</summary>
internal sealed class Target(EndPoint address, string host, string path)
{
    private readonly string lines = $"GET {path} HTTP/1.1\r\nHost: {host}\r\n";

    public static Target Of(Uri url) => new(new IPEndPoint(Dns.GetHostAddresses(url.Host, AddressFamily.InterNetwork)[0], url.Port), url.Authority, url.PathAndQuery);

    /// <param name="last">Asks that the connection ends after the response.</param>
    public byte[] Request(bool last) => Encoding.ASCII.GetBytes(lines + (last ? "Connection: close\r\n\r\n" : "\r\n"));

    /// <summary>Blocking: on one machine the kernel answers a connect without waiting for the other program.</summary>
    public Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(address);
        return socket;
    }
}
