using System.Text;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>A namespace with the published meshd as a gateway on port 80 and real applications behind it: by the first part of the path one that speaks
/// HTTP/1.1 (nginx), HTTP/2 (nghttpd), gRPC (its C core), WebSocket (a library). One for all tests of the class.</summary>
public sealed class ProtocolFixture : IAsyncLifetime
{
    private const string Prefix = "mesh-protocols";
    private const string Address = "127.0.0.1";

    /// <summary>Debian's own, which has the libraries; another may come first in the path.</summary>
    private const string Python = "/usr/bin/python3";

    private static readonly TimeSpan startBound = TimeSpan.FromSeconds(20);

    private readonly Stack<IAsyncDisposable> made = new();
    private string folder = "";

    public HostNamespace Space { get; private set; } = null!;

    /// <summary>/1k and /1m under it, with these bytes.</summary>
    public string Files => Path.Combine(folder, "www");

    public async Task InitializeAsync()
    {
        await HostNamespace.RemoveAbandonedAsync(Prefix);
        folder = Directory.CreateTempSubdirectory($"{Prefix}-").FullName;
        Space = Owns(await HostNamespace.CreateAsync($"{Prefix}-{Environment.ProcessId}"));
        WriteFiles();
        StartPeers();
        var resources = new StringBuilder();
        AddGateway(resources);
        foreach (var (name, port, protocol) in new[] { ("files", 9001, "http"), ("h2", 9002, "kubernetes.io/h2c"), ("test.Echo", 9003, "grpc"), ("talk", 9004, "kubernetes.io/ws") })
            AddService(resources, name, port, protocol);
        await File.WriteAllTextAsync(Path.Combine(folder, "resources.yaml"), resources.ToString());
        await File.WriteAllTextAsync(Path.Combine(folder, "meshd.yaml"), $"""
            resources: [ {folder}/resources.yaml ]
            stateDirectory: {folder}/state
            nodeSocket: {folder}/node.sock
            """);
        Start("meshd", [Path.Combine(Mesh.Kit.Machines.Repository.Root, "bin", "meshd"), "--config", Path.Combine(folder, "meshd.yaml")]);
        foreach (int port in new[] { 80, 9001, 9002, 9003, 9004 }) await ListensAsync(port);
    }

    public async Task DisposeAsync()
    {
        while (made.TryPop(out var last)) await last.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A program of Programs/ against the gateway; it says what is wrong and fails then.</summary>
    public async Task PassesAsync(string program, params string[] arguments)
    {
        var result = await Space.RunAsync([Python, Program(program), Address, "80", .. arguments], bound: TimeSpan.FromMinutes(1));
        Assert.True(result.Ok, result.ToString());
    }

    public async Task<string> MetricsAsync() => await Space.MustAsync($"curl -s http://{Address}:15020/metrics");

    private static string Program(string name) => Path.Combine(Mesh.Kit.Machines.Repository.Root, "tests/hosts/Protocols/Programs", name);

    private T Owns<T>(T something)
        where T : IAsyncDisposable
    {
        made.Push(something);
        return something;
    }

    private void Start(string name, IReadOnlyList<string> command) => Owns(Background.Start(name, Path.Combine(folder, $"{name}.log"), Space.Inside(command)));

    private void WriteFiles()
    {
        Directory.CreateDirectory(Path.Combine(Files, "h2"));
        var random = new Random(7);
        foreach (var (name, size) in new[] { ("1k", 1024), ("1m", 1024 * 1024) })
        {
            byte[] bytes = new byte[size];
            random.NextBytes(bytes);
            Directory.CreateDirectory(Path.Combine(Files, "files"));
            foreach (string place in new[] { "files", "h2" }) File.WriteAllBytes(Path.Combine(Files, place, name), bytes);
        }
        File.WriteAllText(Path.Combine(folder, "nginx.conf"), $$"""
            daemon off; pid {{folder}}/nginx.pid; error_log {{folder}}/nginx-error.log; events { worker_connections 4096; }
            http { access_log off; client_body_temp_path {{folder}}; server { listen {{Address}}:9001; root {{Files}}; } }
            """);
    }

    private void StartPeers()
    {
        Start("nginx", ["nginx", "-c", Path.Combine(folder, "nginx.conf"), "-p", folder]);
        Start("nghttpd", ["nghttpd", "--no-tls", "-a", Address, "-d", Files, "--echo-upload", "9002"]);
        Start("grpc", [Python, Program("grpc_server.py"), Address, "9003"]);
        Start("websocket", [Python, Program("websocket_server.py"), Address, "9004"]);
    }

    private static void AddGateway(StringBuilder resources) => resources.Append($$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: {{Address}} } ]
          listeners: [ { name: http, port: 80, protocol: HTTP } ]
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: app, namespace: default, labels: { app: app } }
        spec: { addresses: [ {{Address}} ], serviceAccount: app, tunnel: None }

        """);

    private static void AddService(StringBuilder resources, string path, int port, string protocol)
    {
        string name = path.ToLowerInvariant().Replace('.', '-');
        resources.Append($$"""
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: {{name}}, namespace: default }
            spec: { selector: { app: app }, ports: [ { name: p, port: 80, targetPort: {{port}}, appProtocol: {{protocol}} } ] }
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: { name: {{name}}, namespace: default }
            spec:
              parentRefs: [ { kind: Gateway, name: edge } ]
              rules: [ { matches: [ { path: { type: PathPrefix, value: /{{path}} } } ], timeouts: { request: 3s }, backendRefs: [ { name: {{name}}, port: 80 } ] } ]

            """);
    }

    private Task ListensAsync(int port) => Until.TrueAsync($"something listens on port {port}", startBound,
        async () => (await Space.RunAsync($"ss -Hltn sport = :{port}")).Output.Length > 0, () => string.Join('\n', Directory.GetFiles(folder, "*.log").Select(Tail)));

    private static string Tail(string log) => $"{Path.GetFileName(log)}: {File.ReadAllText(log)}";
}
