using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>Two gateways that want one port, and one that cannot reach where it leads.</summary>
public sealed class GatewayPortTests
{
    [Fact]
    public async Task First_of_two_gateways_has_the_port_and_the_other_gets_it_when_it_is_free()
    {
        await using var edge = await Edge.CreateAsync();
        await edge.StartNginxAsync("server { listen 127.0.0.1:9001; location / { return 200 one; } } server { listen 127.0.0.1:9002; location / { return 200 two; } }");
        string services = Edge.Service("one", 9001, protocol: "http") + Edge.Service("two", 9002, protocol: "http");
        await edge.StartAsync(services + Gateway("one", 80) + Gateway("two", 80));
        await edge.ListensAsync(80, 9001, 9002);
        // The kernel would share connections out between two listeners.
        for (int i = 0; i < 20; i++) Assert.Equal("one", await edge.Space.MustAsync("curl -fsS http://127.0.0.1/"));
        Assert.Contains("gateway default/two listener http: 127.0.0.1:80 is the port of gateway default/one; give one of them another port or address", edge.Daemon.ReadLog(), StringComparison.Ordinal);
        await edge.ChangeAsync(services + Gateway("one", 81) + Gateway("two", 80));
        await Until.TrueAsync("the second gateway answers", TimeSpan.FromSeconds(10), async () => (await edge.Space.RunAsync("curl -fsS http://127.0.0.1/")).Output == "two");
        Assert.Equal("one", await edge.Space.MustAsync("curl -fsS http://127.0.0.1:81/"));
    }

    [Fact]
    public async Task Gateway_without_identity_says_what_to_do_about_a_workload_behind_a_tunnel()
    {
        await using var edge = await Edge.CreateAsync();
        await edge.StartAsync(Edge.Service("one", 9001, protocol: "http").Replace("tunnel: None", "tunnel: HBONE", StringComparison.Ordinal) + Gateway("one", 80));
        await edge.ListensAsync(80);
        const string advice = "ID a gateway has no identity to reach default/one-1 through a tunnel; set the workload's tunnel to None or enrol the gateway";
        string answer = (await edge.Space.RunAsync("curl -sS -i http://127.0.0.1/")).Must().Output;
        Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.Contains($"x-mesh-error: {advice}", answer, StringComparison.Ordinal);
        await Until.TrueAsync("the access log says so", TimeSpan.FromSeconds(5), () => edge.Daemon.ReadLog().Split('\n').Any(static line =>
            line.Contains("\"response_flags\":\"ID\"", StringComparison.Ordinal) && line.Contains("a gateway has no identity", StringComparison.Ordinal)), () => edge.Daemon.LogTail());
    }

    private static string Gateway(string name, int port) => $$"""
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: {{name}}, namespace: default }
        spec: { gatewayClassName: meshd, addresses: [ { type: IPAddress, value: 127.0.0.1 } ], listeners: [ { name: http, port: {{port}}, protocol: HTTP } ] }
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: {{name}}, namespace: default }
        spec: { parentRefs: [ { kind: Gateway, name: {{name}} } ], rules: [ { backendRefs: [ { name: {{name}}, port: 1 } ] } ] }

        """;
}
