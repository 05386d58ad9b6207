using System.Text;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>The published meshd as a gateway on port 80 and real applications behind it: by the first part of the path one that speaks
/// HTTP/1.1 (nginx), HTTP/2 (nghttpd), HTTP/2 and answers without reading the request (nginx), gRPC (its C core), WebSocket (a library). One for all tests of the class.</summary>
public sealed class ProtocolFixture : IAsyncLifetime
{
    private const string Address = "127.0.0.1";

    /// <summary>Debian's own, which has the libraries; another may come first in the path.</summary>
    private const string Python = "/usr/bin/python3";

    private Edge edge = null!;

    public HostNamespace Space => edge.Space;

    /// <summary>files/, h2/ and early/, each with 1k and 1m, as they are served.</summary>
    public string Files => Path.Combine(edge.Folder, "www");

    public async Task InitializeAsync()
    {
        edge = await Edge.CreateAsync();
        WriteFiles();
        await edge.StartNginxAsync($"server {{ listen {Address}:9001; root {Files}; }} server {{ listen {Address}:9005 http2; root {Files}; error_page 405 =200 $uri; }}");
        edge.Start("nghttpd", ["nghttpd", "--no-tls", "-a", Address, "-d", Files, "--echo-upload", "9002"]);
        edge.Start("grpc", [Python, Program("grpc_server.py"), Address, "9003"]);
        edge.Start("websocket", [Python, Program("websocket_server.py"), Address, "9004"]);
        var resources = new StringBuilder($$"""
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: { name: edge, namespace: default }
            spec:
              gatewayClassName: meshd
              addresses: [ { type: IPAddress, value: {{Address}} } ]
              listeners: [ { name: http, port: 80, protocol: HTTP }, { name: grpc, port: 81, protocol: HTTP } ]

            """);
        AddRoute(resources, "files", 9001, "http");
        AddRoute(resources, "h2", 9002, "kubernetes.io/h2c");
        AddRoute(resources, "early", 9005, "kubernetes.io/h2c");
        AddRoute(resources, "test.Echo", 9003, "grpc");
        AddRoute(resources, "talk", 9004, "kubernetes.io/ws");
        resources.Append(Edge.Service("dead", 9009, protocol: "grpc")).Append(GrpcRoute);
        await edge.StartAsync(resources.ToString());
        await edge.ListensAsync(80, 81, 9001, 9002, 9003, 9004, 9005);
    }

    public Task DisposeAsync() => edge.DisposeAsync().AsTask();

    /// <summary>A program of Programs/ against the gateway; it says what is wrong and fails then.</summary>
    public Task PassesAsync(string program, params string[] arguments) => PassesAtAsync("80", program, arguments);

    /// <inheritdoc cref="PassesAsync"/>
    public async Task PassesAtAsync(string port, string program, params string[] arguments)
    {
        var result = await Space.RunAsync([Python, Program(program), Address, port, .. arguments], bound: TimeSpan.FromMinutes(1));
        Assert.True(result.Ok, result.ToString());
    }

    /// <summary>Each rule says which it was.</summary>
    private static string GrpcRoute => $$"""
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: GRPCRoute
        metadata: { name: calls, namespace: default }
        spec:
          parentRefs: [ { name: edge, sectionName: grpc } ]
          rules:
            - matches: [ { method: { service: test.Echo } } ]
              {{Rule("service")}}
            - matches: [ { method: { service: test.Echo, method: Unary } } ]
              {{Rule("method")}}
            - matches: [ { method: { service: test.Echo, method: Unary }, headers: [ { name: x-version, value: "2" } ] } ]
              {{Rule("header")}}
            - matches: [ { method: { type: RegularExpression, method: "Client.*" } } ]
              {{Rule("expression")}}
            - matches: [ { method: { service: test.Dead } } ]
              backendRefs: [ { name: dead, port: 1 } ]

        """;

    private static string Rule(string name) =>
        $"filters: [ {{ type: ResponseHeaderModifier, responseHeaderModifier: {{ set: [ {{ name: taken-by, value: {name} }} ] }} }} ]\n      backendRefs: [ {{ name: test-echo, port: 1 }} ]";

    public Task<string> MetricsAsync() => edge.MetricsAsync();

    private static string Program(string name) => Path.Combine(Mesh.Kit.Machines.Repository.Root, "tests/hosts/Protocols/Programs", name);

    private void WriteFiles()
    {
        var random = new Random(7);
        foreach (var (name, size) in new[] { ("1k", 1024), ("1m", 1024 * 1024) })
        {
            byte[] bytes = new byte[size];
            random.NextBytes(bytes);
            foreach (string place in new[] { "files", "h2", "early" })
            {
                Directory.CreateDirectory(Path.Combine(Files, place));
                File.WriteAllBytes(Path.Combine(Files, place, name), bytes);
            }
        }
    }

    private static void AddRoute(StringBuilder resources, string path, int port, string protocol)
    {
        string name = path.ToLowerInvariant().Replace('.', '-');
        resources.Append(Edge.Service(name, port, protocol: protocol)).Append($$"""
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: { name: {{name}}, namespace: default }
            spec:
              parentRefs: [ { kind: Gateway, name: edge, sectionName: http } ]
              rules: [ { matches: [ { path: { type: PathPrefix, value: /{{path}} } } ], timeouts: { request: 3s }, backendRefs: [ { name: {{name}}, port: 1 } ] } ]

            """);
    }
}
