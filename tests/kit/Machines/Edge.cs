using System.Globalization;
using Mesh.Kit.Certificates;

namespace Mesh.Kit.Machines;

/// <summary>A standalone meshd in a namespace of its own, with other programs around it. Everything listens on loopback there.</summary>
public sealed class Edge : IAsyncDisposable
{
    private const string Prefix = "mesh-edge";
    private static int number;

    private readonly TestAuthority authority = new();
    private readonly Stack<IAsyncDisposable> made = new();

    private Edge(HostNamespace space) => Space = space;

    public HostNamespace Space { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("mesh-edge-").FullName;

    public string AuthorityFile => Path.Combine(Folder, "ca.pem");

    public Background Daemon { get; private set; } = null!;

    private string ResourceFile => Path.Combine(Folder, "meshd", "edge.yaml");

    public static async Task<Edge> CreateAsync()
    {
        await HostNamespace.RemoveAbandonedAsync(Prefix);
        var edge = new Edge(await HostNamespace.CreateAsync(string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{Environment.ProcessId}-{Interlocked.Increment(ref number)}")));
        await File.WriteAllTextAsync(edge.AuthorityFile, edge.authority.RootPem);
        return edge;
    }

    /// <summary>Certificate and key in one file.</summary>
    public string Certificate(params string[] names)
    {
        var issued = authority.Issue(names: names);
        string path = Path.Combine(Folder, names[0] + ".pem");
        File.WriteAllText(path, issued.CertificatePem + "\n" + issued.KeyPem + "\n");
        return path;
    }

    public async Task StartAsync(string resources)
    {
        string folder = Path.Combine(Folder, "meshd");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(ResourceFile, resources);
        await File.WriteAllTextAsync(Path.Combine(folder, "meshd.yaml"),
            $"node: edge\nresources: [ ./edge.yaml ]\nworkers: 2\nstateDirectory: {folder}/state\nnodeSocket: {folder}/node.sock\nlog: {{ format: json }}\n");
        Daemon = Start("meshd", [Path.Combine(Repository.Programs, "meshd"), "--config", Path.Combine(folder, "meshd.yaml")]);
        await Until.TrueAsync("meshd is ready", TimeSpan.FromSeconds(15), async () => (await Space.RunAsync("curl -fsS http://127.0.0.1:15021/readyz")).Ok, () => Daemon.LogTail());
    }

    /// <summary>Other resources instead; returns when they are in force.</summary>
    public async Task ChangeAsync(string resources)
    {
        double before = await ConfigVersionAsync();
        string next = ResourceFile + ".next";
        await File.WriteAllTextAsync(next, resources);
        File.Move(next, ResourceFile, overwrite: true);
        await Until.TrueAsync("the change is in force", TimeSpan.FromSeconds(10), async () => await ConfigVersionAsync() > before, () => Daemon.LogTail());
    }

    public async Task StartNginxAsync(string servers)
    {
        string folder = Path.Combine(Folder, "nginx");
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(file,
            $"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{ worker_connections 4096; }}\nhttp {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; "
            + $"fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n{servers}\n}}\n");
        Start("nginx", ["nginx", "-c", file, "-p", folder]);
    }

    public async Task StartHaproxyAsync(string sections)
    {
        string file = Path.Combine(Folder, "haproxy.cfg");
        await File.WriteAllTextAsync(file, "defaults\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n" + sections);
        Start("haproxy", ["haproxy", "-db", "-f", file]);
    }

    public Background Start(string name, IReadOnlyList<string> command)
    {
        var program = Background.Start(name, Path.Combine(Folder, name + ".log"), Space.Inside(command));
        made.Push(program);
        return program;
    }

    public Task ListensAsync(params int[] ports) => Until.TrueAsync($"somebody listens on {string.Join(", ", ports)}", TimeSpan.FromSeconds(10), async () =>
    {
        string listening = (await Space.RunAsync("ss -Hltn")).Output;
        return ports.All(port => listening.Contains($":{port} ", StringComparison.Ordinal));
    });

    public Task<string> MetricsAsync() => Space.MustAsync("curl -fsS http://127.0.0.1:15020/metrics");

    /// <summary>A Service with one endpoint on loopback, outside the mesh.</summary>
    /// <param name="protocol">Its appProtocol; null leaves it to be detected.</param>
    public static string Service(string name, int port, string address = "127.0.0.1", string? protocol = null) => string.Create(CultureInfo.InvariantCulture, $$"""
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: {{name}}, namespace: default }
        spec: { selector: { app: {{name}} }, ports: [ { name: p, port: 1, targetPort: {{port}}{{(protocol is null ? "" : $", appProtocol: {protocol}")}} } ] }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: {{name}}-1, namespace: default, labels: { app: {{name}} } }
        spec: { addresses: [ "{{address}}" ], serviceAccount: {{name}}, tunnel: None }

        """);

    private async Task<double> ConfigVersionAsync() =>
        double.Parse((await MetricsAsync()).Split('\n').Single(static line => line.StartsWith("mesh_config_version ", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        while (made.TryPop(out var program)) await program.DisposeAsync();
        await Space.DisposeAsync();
        authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
