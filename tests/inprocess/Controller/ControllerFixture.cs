using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Mesh.Controller.Config;
using Mesh.Controller.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.Tests.InProcess.Controller;

/// <summary>A whole controller on loopback with a data directory of its own, and a client with the administrator's token.</summary>
internal sealed class ControllerFixture : IAsyncDisposable
{
    private readonly string directory;
    private ControllerHost host;

    private ControllerFixture(string directory, ControllerHost host) => (this.directory, this.host, Http) = (directory, host, null!);

    public HttpClient Http { get; private set; }

    public IPEndPoint Metrics => host.MetricsAddress;

    public string Kubeconfig => host.KubeconfigPath;

    public static async Task<ControllerFixture> StartAsync()
    {
        var directory = Directory.CreateTempSubdirectory("mesh-controller-").FullName;
        var fixture = new ControllerFixture(directory, await StartHostAsync(directory));
        fixture.Http = fixture.Client(AdminToken(fixture.Kubeconfig));
        return fixture;
    }

    /// <summary>Stops the controller in order and starts it again on the same data. Its port changes.</summary>
    public async Task RestartAsync()
    {
        await host.DisposeAsync();
        host = await StartHostAsync(directory);
        Http = Client(AdminToken(Kubeconfig));
    }

    /// <param name="token">Null: none.</param>
    public HttpClient Client(string? token)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true; // the certificate has tests of its own
        var client = new HttpClient(handler) { BaseAddress = new Uri($"https://{host.ApiAddress}"), Timeout = TimeSpan.FromSeconds(20) };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<(int Code, JsonObject Body)> SendAsync(string method, string path, string? body = null, string contentType = "application/json", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.ExpectContinue = body?.Length > 1024 * 1024; // so that a refusal is read before the body is sent
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(contentType));
        using var response = await (client ?? Http).SendAsync(request);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject());
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    private static string AdminToken(string kubeconfig) =>
        File.ReadAllLines(kubeconfig).Single(line => line.TrimStart().StartsWith("token:", StringComparison.Ordinal)).Split(':')[1].Trim();

    private static Task<ControllerHost> StartHostAsync(string directory) => ControllerHost.StartAsync(
        new ControllerConfig
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Nodes = new IPEndPoint(IPAddress.Loopback, 0),
            Metrics = new IPEndPoint(IPAddress.Loopback, 0),
            Data = directory,
            TrustDomain = "cluster.local",
            Advertise = [],
            VirtualPrefix = [240, 240],
            VirtualPrefixV6 = [0xfd, 0x00, 0x02, 0x40, 0x02, 0x40],
            Resources = [],
            LogLevel = LogLevel.Warning,
            LogFormat = LogFormat.Text,
        },
        TimeProvider.System,
        new Random(1),
        NullLoggerFactory.Instance);
}
