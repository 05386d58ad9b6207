using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>A library's client and server of WebSocket with meshd between them, while meshd changes and stops.</summary>
public sealed class WebSocketLifeTests : IAsyncLifetime
{
    private const string Python = "/usr/bin/python3", Address = "127.0.0.1";

    private Edge edge = null!;
    private Background server = null!;

    public async Task InitializeAsync()
    {
        edge = await Edge.CreateAsync();
        server = edge.Start("websocket", [Python, Program("websocket_server.py"), Address, "9004"]);
        edge.Start("another", [Python, Program("websocket_server.py"), Address, "9005"]);
        await edge.StartAsync(Resources(9004, Route("talk")));
        await edge.ListensAsync(80, 9004, 9005);
    }

    public Task DisposeAsync() => edge.DisposeAsync().AsTask();

    [Fact]
    public async Task No_change_of_routes_endpoints_or_policies_closes_a_conversation()
    {
        string until = Path.Combine(edge.Folder, "enough");
        var client = edge.Start("client", [Python, Program("websocket_wait_client.py"), Address, "80", until]);
        await SaysAsync(client, "talking");
        await edge.ChangeAsync(Resources(9004, Route("talk", "timeouts: { request: 100ms },")));
        await edge.ChangeAsync(Resources(9005, Route("talk"))); // the endpoint is another
        await edge.ChangeAsync(Resources(9005, Route("talk"), TrafficPolicy));
        await edge.ChangeAsync(Resources(9005, Route("elsewhere")));
        await edge.ChangeAsync(Resources(9005, "")); // nor a route
        Assert.False(client.HasExited, client.LogTail());
        await File.WriteAllTextAsync(until, "");
        await SaysAsync(client, "closed 1000");
    }

    [Fact]
    public async Task Both_sides_are_told_that_meshd_goes_away()
    {
        var client = edge.Start("client", [Python, Program("websocket_wait_client.py"), Address, "80", "/nonexistent"]);
        await SaysAsync(client, "talking");
        Assert.True(await edge.Daemon.StopAsync(TimeSpan.FromSeconds(10)), edge.Daemon.LogTail());
        await SaysAsync(client, "closed 1001");
        await SaysAsync(server, "closed 1001");
    }

    private static Task SaysAsync(Background program, string text) =>
        Until.TrueAsync($"{program.Name} says {text}", TimeSpan.FromSeconds(10), () => program.ReadLog().Contains(text, StringComparison.Ordinal), () => program.LogTail());

    private static string Program(string name) => Path.Combine(Repository.Root, "tests/hosts/Protocols/Programs", name);

    private static string Resources(int port, params string[] more) => $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec: { gatewayClassName: meshd, addresses: [ { type: IPAddress, value: {{Address}} } ], listeners: [ { name: http, port: 80, protocol: HTTP } ] }
        {{Edge.Service("talk", port, protocol: "kubernetes.io/ws")}}
        {{string.Join('\n', more)}}

        """;

    private static string Route(string path, string more = "") => $$"""
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: talk, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules: [ { matches: [ { path: { type: PathPrefix, value: /{{path}} } } ], {{more}} backendRefs: [ { name: talk, port: 1 } ] } ]
        """;

    private const string TrafficPolicy = """
        ---
        apiVersion: mesh.internal/v1
        kind: TrafficPolicy
        metadata: { name: talk, namespace: default }
        spec: { targetRefs: [ { kind: Service, name: talk } ], timeouts: { request: 50ms, idle: 1s } }
        """;
}
