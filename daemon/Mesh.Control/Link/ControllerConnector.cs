using System.Security.Cryptography;
using Mesh.Control.Identity;
using Mesh.Io;
using Mesh.Io.Tls;

namespace Mesh.Control.Link;

/// <summary>Finds the addresses of a host name away from the loops.</summary>
/// <exception cref="IOException">There are none.</exception>
public delegate Task<IReadOnlyList<Ip>> HostResolver(string host);

/// <summary>Makes the TLS context for the controller, which must prove that it goes by that host name.</summary>
/// <param name="host">DNS name or address.</param>
/// <param name="certificate">The node's; null before it has joined.</param>
public delegate TlsContext ControllerTlsFactory(string host, HeldCertificate? certificate, IReadOnlyList<byte[]> roots);

/// <summary>TCP, TLS 1.3 and HTTP/2 to the controller's node port. On its loop.</summary>
public sealed class ControllerConnector(
    string host, ushort port, Loop loop, SocketFactory sockets, HostResolver resolve, ControllerTlsFactory contexts) : IControllerConnector
{
    /// <summary>Redirection rules skip packets with this mark: the daemon's own traffic is never captured.</summary>
    public const int Mark = 0x539;

    private const string ControllerSuffix = "/controller";
    private static readonly string[] alpn = ["h2"];
    private static readonly TimeSpan connectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan handshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>For a URL as in meshd.yaml: https, host, port 15012 unless given, nothing else.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static (string Host, ushort Port) ParseUrl(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
            throw new FormatException($"'{url}' is not the address of a controller: https://host:15012");
        bool hasPort = uri.Authority.EndsWith($":{uri.Port}", StringComparison.Ordinal);
        return (uri.IdnHost.Trim('[', ']'), hasPort ? (ushort)uri.Port : (ushort)15012);
    }

    public async Task<IControllerChannel> ConnectAsync(HeldCertificate? certificate, IReadOnlyList<byte[]> roots)
    {
        using var tls = MakeContext(certificate, roots);
        var secured = await ConnectAnyAsync(await AddressesAsync(), tls);
        if (secured.PeerUri?.EndsWith(ControllerSuffix, StringComparison.Ordinal) != true)
        {
            await secured.DisposeAsync();
            throw new ConnectionBrokenException(BreakKind.Tls, $"{secured.RemoteAddress} is not the controller: its certificate is for '{secured.PeerUri}'");
        }
        return Http2Transport.Start(secured, host.Contains(':') ? $"[{host}]:{port}" : $"{host}:{port}");
    }

    private async Task<IReadOnlyList<Ip>> AddressesAsync()
    {
        if (Ip.TryParse(host, out var literal)) return [literal];
        var found = await resolve(host);
        return found.Count > 0 ? found : throw new IOException($"the name '{host}' has no address");
    }

    private TlsContext MakeContext(HeldCertificate? certificate, IReadOnlyList<byte[]> roots)
    {
        try
        {
            return contexts(host, certificate, roots);
        }
        catch (CryptographicException error)
        {
            throw new IOException($"the certificates for the connection to the controller cannot be used: {error.Message}", error);
        }
    }

    private async Task<SecureConnection> ConnectAnyAsync(IReadOnlyList<Ip> addresses, TlsContext tls)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                var transport = await sockets.ConnectAsync(loop, new IpPort(addresses[i], port), new ConnectOptions(connectTimeout, Mark: Mark));
                return await tls.ConnectAsync(transport, alpn, handshakeTimeout);
            }
            catch (ConnectionBrokenException) when (i + 1 < addresses.Count)
            {
                // the next address of the same name may work
            }
        }
    }
}
