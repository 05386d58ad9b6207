using System.Net;
using System.Net.Http.Headers;

namespace Mesh.Soak.Loading;

/// <summary>Clients that keep and share connections, one for each version.</summary>
internal sealed class HttpClients : IDisposable
{
    private readonly HttpClient http1 = New();
    private readonly HttpClient http2 = New();

    public HttpClient Of(bool isHttp2) => isHttp2 ? http2 : http1;

    /// <param name="target">Path and query.</param>
    public static HttpRequestMessage Request(HttpMethod method, string host, int port, string target, bool isHttp2, string id)
    {
        var request = new HttpRequestMessage(method, $"http://{host}:{port}{target}")
        {
            Version = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add("x-request-id", id);
        return request;
    }

    public void Dispose()
    {
        http1.Dispose();
        http2.Dispose();
    }

    // Connections are renewed now and then, so that there are always some that begin and some that end.
    private static HttpClient New() => new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.FromSeconds(20),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        Expect100ContinueTimeout = TimeSpan.FromSeconds(20),
        EnableMultipleHttp2Connections = true,
        MaxConnectionsPerServer = 64,
        ActivityHeadersPropagator = null,
    })
    { Timeout = Timeout.InfiniteTimeSpan, DefaultRequestHeaders = { UserAgent = { new ProductInfoHeaderValue("soak", "1") } } };
}
