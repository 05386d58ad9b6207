using System.Text.Json;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Telemetry;

/// <summary>What a TelemetryPolicy says is done by the daemon that runs, from the next request on. Each step ends with a request that is logged, so that what is
/// missing before it is missing for good.</summary>
public sealed class TelemetryPolicyTests
{
    private const string Routes = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
          listeners: [ { name: main, port: 7000, protocol: HTTP } ]
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: app, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules:
            - matches: [ { path: { type: PathPrefix, value: /app } } ]
              backendRefs: [ { name: app, port: 1 } ]

        """;

    private static string Resources(string accessLog) => Routes + Edge.Service("app", 8080, protocol: "http") + (accessLog.Length == 0 ? "" : $$"""
        ---
        apiVersion: mesh.internal/v1
        kind: TelemetryPolicy
        metadata: { name: edge, namespace: default }
        spec: { accessLog: {{accessLog}} }
        """);

    [Fact]
    public async Task Policy_decides_what_is_logged_and_how_while_the_daemon_runs()
    {
        await using var edge = await Edge.CreateAsync();
        await edge.StartNginxAsync("server { listen 127.0.0.1:8080; location / { return 200 ok; } location /app/gone { return 404; } }");
        await edge.StartAsync(Resources(""));
        await edge.ListensAsync(7000, 8080);

        await GetAsync(edge, "/app/plain");
        using (var record = JsonDocument.Parse(await LineOfAsync(edge, "/app/plain")))
        {
            Assert.Equal(200, record.RootElement.GetProperty("response_code").GetInt32());
            Assert.False(record.RootElement.TryGetProperty("team", out _));
        }

        await edge.ChangeAsync(Resources("{ sampling: 0, labels: { team: shop } }"));
        for (int i = 0; i < 20; i++) await GetAsync(edge, "/app/unsampled");
        await GetAsync(edge, "/nowhere"); // no route: an error, which is logged whatever the sampling
        using (var record = JsonDocument.Parse(await LineOfAsync(edge, "/nowhere")))
        {
            Assert.Equal(("NR", "shop"), (record.RootElement.GetProperty("response_flags").GetString(), record.RootElement.GetProperty("team").GetString()));
        }
        Assert.Empty(Lines(edge, "/app/unsampled"));

        await edge.ChangeAsync(Resources("{ format: Text, logErrors: false, filter: { minStatus: 404 } }"));
        await GetAsync(edge, "/app/good");
        await GetAsync(edge, "/app/gone");
        string line = await LineOfAsync(edge, "/app/gone");
        Assert.StartsWith("access ", line);
        Assert.Contains(" response_code=404 ", line);
        Assert.Empty(Lines(edge, "/app/good"));

        await edge.ChangeAsync(Resources(""));
        await GetAsync(edge, "/app/again");
        Assert.StartsWith("{", await LineOfAsync(edge, "/app/again"));

        // What is not logged is counted all the same.
        string metrics = await edge.MetricsAsync();
        Assert.Matches("(?m)^mesh_requests_total{[^}]*destination_workload=\"app-1\"[^}]*response_code=\"200\"[^}]*} 23$", metrics);
        Assert.Matches("(?m)^mesh_requests_total{[^}]*destination_workload=\"app-1\"[^}]*response_code=\"404\"[^}]*} 1$", metrics);
    }

    private static Task<string> GetAsync(Edge edge, string path) => edge.Space.MustAsync($"curl -sS -o /dev/null http://127.0.0.1:7000{path}");

    private static string[] Lines(Edge edge, string path) => [.. edge.Daemon.ReadLog().Split('\n')[..^1].Where(line => line.Contains(path, StringComparison.Ordinal))];

    private static async Task<string> LineOfAsync(Edge edge, string path)
    {
        await Until.TrueAsync($"the record of {path}", TimeSpan.FromSeconds(5), () => Lines(edge, path).Length > 0, () => edge.Daemon.LogTail());
        return Assert.Single(Lines(edge, path));
    }
}
