using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mesh.Demo;
using Mesh.Kit.Machines;
using Mesh.Netfilter.Namespaces;

namespace Mesh.Compare.Measuring;

/// <summary>HTTP from inside a namespace without a process there: sockets are made in it. Connections are kept.</summary>
internal sealed class NamespaceHttp : IDisposable
{
    private readonly NetworkNamespace network;
    private readonly HttpClient client;

    private NamespaceHttp(HostNamespace space, X509Certificate2? authority)
    {
        network = NetworkNamespace.Open(space.Path);
        var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync, AllowAutoRedirect = false };
        if (authority is not null)
            handler.SslOptions.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck };
        client = new(handler) { Timeout = TimeSpan.FromSeconds(10) };
    }

    public static NamespaceHttp Plain(HostNamespace space) => new(space, null);

    /// <summary>The controller's API as its administrator.</summary>
    public static NamespaceHttp Api(MeshController controller)
    {
        var http = new NamespaceHttp(controller.Machine.Space, X509CertificateLoader.LoadCertificateFromFile(controller.CaFile)) { client = { BaseAddress = new(controller.Api) } };
        http.client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", controller.AdminToken);
        return http;
    }

    /// <returns>The status; nothing while no connection can be made.</returns>
    public async Task<HttpStatusCode?> StatusAsync(string url)
    {
        try
        {
            using var response = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <exception cref="HttpRequestException">The API refused.</exception>
    public async Task PatchAsync(string path, string mergePatch)
    {
        using var response = await client.PatchAsync(path, new StringContent(mergePatch, Encoding.UTF8, "application/merge-patch+json"));
        response.EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        client.Dispose();
        network.Dispose();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = CreateSocket();
        await socket.ConnectAsync(IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private Socket CreateSocket()
    {
        using (network.Enter()) return new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    }
}
