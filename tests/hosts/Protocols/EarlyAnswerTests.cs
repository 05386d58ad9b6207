using System.Globalization;
using System.Text;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>Uploads that nginx or the mesh itself refuses, judged by curl: the answer arrives whole, whatever of the upload was under way.</summary>
public sealed class EarlyAnswerTests : IAsyncLifetime
{
    private const int UploadBytes = 50_000_000;

    private Edge edge = null!;
    private string upload = "";

    public async Task InitializeAsync()
    {
        edge = await Edge.CreateAsync();
        upload = Path.Combine(edge.Folder, "upload");
        await File.WriteAllBytesAsync(upload, new byte[UploadBytes]);
        await edge.StartNginxAsync("client_max_body_size 1k; server { listen 127.0.0.1:9001; listen 127.0.0.1:9002 http2; location / { return 200 \"taken\"; } location /up { proxy_pass http://127.0.0.1:9001/taken; } }");
        var resources = new StringBuilder("""
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: { name: edge, namespace: default }
            spec:
              gatewayClassName: meshd
              addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
              listeners: [ { name: http, port: 80, protocol: HTTP } ]

            """);
        AddRoute(resources, "h1", 9001, "http");
        AddRoute(resources, "h2", 9002, "kubernetes.io/h2c");
        await edge.StartAsync(resources.ToString());
        await edge.ListensAsync(80, 9001, 9002);
    }

    public Task DisposeAsync() => edge.DisposeAsync().AsTask();

    [Fact]
    public async Task Refusal_of_nginx_arrives_whole_in_every_version_with_and_without_expect()
    {
        foreach (string version in (string[])["--http1.1", "--http2-prior-knowledge"])
        {
            foreach (string upstream in (string[])["h1", "h2"])
            {
                foreach (string expect in (string[])["Expect:", "Expect: 100-continue"])
                {
                    for (int i = 0; i < 2; i++) await RefusedAsync(413, "<h1>413 Request Entity Too Large</h1>", version, $"/{upstream}/up", expect);
                }
            }
        }
        var counted = (await edge.MetricsAsync()).Split('\n').Where(static line => line.StartsWith("mesh_requests_total{", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(counted);
        Assert.All(counted, static line => Assert.Contains("response_code=\"413\"", line, StringComparison.Ordinal));
        Assert.All(counted, static line => Assert.Contains("response_flags=\"-\"", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refusal_of_the_mesh_itself_asks_for_no_body()
    {
        foreach (string version in (string[])["--http1.1", "--http2-prior-knowledge"])
        {
            string said = await RefusedAsync(404, "NR: ", version, "/nowhere", "Expect: 100-continue");
            Assert.Equal("404 0", said); // no byte of the body was sent
            await RefusedAsync(404, "NR: ", version, "/nowhere", "Expect:");
        }
    }

    [Fact]
    public async Task Requests_that_cannot_be_read_are_in_the_metrics_and_in_the_access_log()
    {
        const string talk = "exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET /bad HTTP/1.1\\r\\nHost : a\\r\\n\\r\\n' >&3; cat <&3";
        Assert.StartsWith("HTTP/1.1 400 ", (await edge.Space.RunAsync(["bash", "-c", talk])).Must().Output, StringComparison.Ordinal);
        await Until.TrueAsync("the request is in the metrics", TimeSpan.FromSeconds(5), async () =>
            (await edge.MetricsAsync()).Split('\n').Any(static line => line.StartsWith("mesh_requests_total{", StringComparison.Ordinal)
                && line.Contains("response_code=\"400\"", StringComparison.Ordinal) && line.Contains("response_flags=\"DPE\"", StringComparison.Ordinal)));
        await Until.TrueAsync("the request is in the access log", TimeSpan.FromSeconds(5), () => edge.Daemon.ReadLog().Split('\n').Any(static line =>
            line.Contains("\"response_flags\":\"DPE\"", StringComparison.Ordinal) && line.Contains("\"/bad\"", StringComparison.Ordinal)), () => edge.Daemon.LogTail());
    }

    /// <returns>Status and how many bytes of the body curl sent.</returns>
    private async Task<string> RefusedAsync(int status, string body, string version, string path, string expect)
    {
        string got = Path.Combine(edge.Folder, "got");
        var result = await edge.Space.RunAsync(["curl", "-sS", version, "--max-time", "20", "-o", got, "-w", "%{http_code} %{size_upload}", "-H", expect, "--data-binary", $"@{upload}", $"http://127.0.0.1{path}"]);
        Assert.True(result.Ok, $"{version} {path} {expect}: {result}");
        Assert.StartsWith(status.ToString(CultureInfo.InvariantCulture) + " ", result.Output, StringComparison.Ordinal);
        Assert.Contains(body, await File.ReadAllTextAsync(got), StringComparison.Ordinal);
        return result.Output;
    }

    private static void AddRoute(StringBuilder resources, string name, int port, string protocol) => resources.Append(Edge.Service(name, port, protocol: protocol)).Append($$"""
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: {{name}}, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules:
            - matches: [ { path: { type: PathPrefix, value: /{{name}} } } ]
              filters: [ { type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: / } } } ]
              backendRefs: [ { name: {{name}}, port: 1 } ]

        """);
}
