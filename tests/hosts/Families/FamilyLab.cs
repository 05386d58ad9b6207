using Mesh.Demo;
using Mesh.Kit.Machines;
using Kinds = Mesh.Kit.Machines.Families;

namespace Mesh.Tests.Hosts.Families;

/// <summary>Two machines. On one a client of each sort: IPv4 only, IPv6 only, both; on the other such servers, which answer with the address they see, and
/// near them two clients of one family.</summary>
[CollectionDefinition(Collection)]
public sealed class FamilyLab : IAsyncLifetime, ICollectionFixture<FamilyLab>
{
    public const string Collection = "two machines";

    private const string Resources = """
        apiVersion: v1
        kind: Namespace
        metadata: { name: shop }
        """;

    private readonly Dictionary<string, LabWorkload> workloads = [];
    private Lab lab = null!;
    private MeshController controller = null!;
    private MeshDaemon daemonA = null!, daemonB = null!;
    private string folders = "";

    internal LabWorkload this[string name] => workloads[name];

    public async Task InitializeAsync()
    {
        string programs = Repository.Programs;
        folders = $"/usr/lib/cni:{programs}";
        lab = await Lab.CreateAsync("mesh-families");
        controller = new MeshController(await lab.AddMachineAsync("controller"), programs);
        var (a, b) = (await lab.AddMachineAsync("a"), await lab.AddMachineAsync("b"));
        await controller.StartAsync();
        await ApplyAsync(string.Join("\n---\n", [Resources, .. Sorts.Select(static sort => Service($"server-{sort.Name}"))]));
        (daemonA, daemonB) = (new MeshDaemon(a, programs), new MeshDaemon(b, programs));
        await Task.WhenAll(daemonA.JoinAsync(controller), daemonB.JoinAsync(controller));
        foreach (var (name, families) in Sorts)
        {
            await AddAsync(a, daemonA, $"client-{name}", families);
            await AddAsync(b, daemonB, $"server-{name}", families);
            await ServeAsync(workloads[$"server-{name}"]);
        }
        foreach (var (name, families) in Sorts.Take(2)) await AddAsync(b, daemonB, $"near-{name}", families);
    }

    internal async Task ApplyAsync(string text)
    {
        string file = Path.Combine(lab.Folder, "resources.yaml");
        await File.WriteAllTextAsync(file, text);
        (await controller.MeshctlAsync("apply", "-f", file)).Must();
    }

    /// <summary>Another client on the first machine.</summary>
    internal async Task<LabWorkload> AddClientAsync(string name)
    {
        await AddAsync(daemonA.Machine, daemonA, name, Kinds.V4);
        return workloads[name];
    }

    /// <summary>What the client's machine has to say in numbers.</summary>
    internal Task<string> ClientMetricsAsync() => daemonA.Machine.Space.MustAsync("curl -fsS http://127.0.0.1:15020/metrics");

    /// <summary>The name of the kernel's namespace that a client of the first machine gets.</summary>
    internal string NamespaceOfClient(string name) => $"{lab.Name}-a-{name}";

    private static IEnumerable<(string Name, Kinds Families)> Sorts =>
        [("v4", Kinds.V4), ("v6", Kinds.V6), ("both", Kinds.Both)];

    private async Task AddAsync(Machine machine, MeshDaemon daemon, string name, Kinds families) =>
        workloads[name] = await machine.AddWorkloadAsync(new("shop", name, name, $"app:{name}"), daemon.NodeSocket, folders, families);

    private static string Service(string name) => $$"""
        apiVersion: v1
        kind: Service
        metadata: { name: {{name}}, namespace: shop }
        spec:
          selector: { app: {{name}} }
          ports:
            - { name: http, port: 80, targetPort: 8080, appProtocol: http }
            - { name: tcp, port: 81, targetPort: 8080, appProtocol: tcp }
            - { name: opaque, port: 82, targetPort: 9082, appProtocol: tcp }
            - { name: early, port: 83, targetPort: 9083, appProtocol: http }
        """;

    private static async Task ServeAsync(LabWorkload server)
    {
        string config = Path.Combine(server.Folder, "nginx.conf");
        await File.WriteAllTextAsync(config, $$"""
            daemon off;
            user root;
            pid {{server.Folder}}/nginx.pid;
            error_log {{server.Folder}}/error.log;
            events { worker_connections 64; }
            http {
              access_log off;
              client_body_temp_path {{server.Folder}}/body;
              proxy_temp_path {{server.Folder}}/proxy;
              fastcgi_temp_path {{server.Folder}}/fastcgi;
              uwsgi_temp_path {{server.Folder}}/uwsgi;
              scgi_temp_path {{server.Folder}}/scgi;
              server { listen 8080; listen [::]:8080 ipv6only=on; location / { return 200 "$remote_addr"; } }
            }
            """);
        server.Start("nginx", ["nginx", "-p", server.Folder, "-c", config]);
        await Until.TrueAsync($"{server.Name.Name} listens", TimeSpan.FromSeconds(10),
            async () => (await server.Space.RunAsync("ss -Hltn sport = :8080")).Output.Contains(":8080", StringComparison.Ordinal));
    }

    public async Task DisposeAsync() => await lab.DisposeAsync();
}
