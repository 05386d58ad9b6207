using System.Security.Cryptography;
using Mesh.Kit.Machines;

namespace Mesh.Demo;

/// <summary>Everything the demo needs, running: a controller, two machines with a meshd each, and applications that know of none of it.</summary>
internal sealed class World : IAsyncDisposable
{
    /// <summary>In every request and answer of the catalog: what must never be seen between the machines.</summary>
    public const string Marker = "mesh-demo-payload-marker-7f3a91";

    /// <summary>At 100 KiB/s: one minute.</summary>
    private const int DownloadBytes = 60 * 100 * 1024;

    private readonly string pluginFolders;

    private World(Lab lab, string programs, Machine controller, Machine a, Machine b)
    {
        (Lab, A, B) = (lab, a, b);
        pluginFolders = $"/usr/lib/cni:{programs}";
        Controller = new(controller, programs);
        DaemonA = new(a, programs);
        DaemonB = new(b, programs);
    }

    public Lab Lab { get; }
    public Machine A { get; }
    public Machine B { get; }
    public MeshController Controller { get; }
    public MeshDaemon DaemonA { get; }
    public MeshDaemon DaemonB { get; }

    public LabWorkload Client { get; private set; } = null!;
    public LabWorkload Intruder { get; private set; } = null!;
    public LabWorkload CatalogV1 { get; private set; } = null!;
    public LabWorkload CatalogV2 { get; private set; } = null!;
    public LabWorkload Cache { get; private set; } = null!;
    public LabWorkload GreeterHost { get; private set; } = null!;

    /// <summary>On machine A's network, but never given to the mesh.</summary>
    public LabWorkload Outsider { get; private set; } = null!;

    public IEnumerable<LabWorkload> Enrolled => [Client, Intruder, CatalogV1, CatalogV2, Cache, GreeterHost];

    public string DownloadHash { get; private set; } = "";

    public static async Task<World> StartAsync(TextWriter output)
    {
        string programs = Repository.Programs;
        var lab = await Lab.CreateAsync("mesh-demo");
        try
        {
            var world = new World(lab, programs, await lab.AddMachineAsync("controller"), await lab.AddMachineAsync("node-a"), await lab.AddMachineAsync("node-b"));
            await output.WriteLineAsync($"machines    node-a {world.A.Address}, node-b {world.B.Address}, controller {world.Controller.Machine.Address}");
            await world.StartMeshAsync();
            await output.WriteLineAsync("mesh        controller and two meshd are ready, resources applied");
            await world.EnrolAsync();
            foreach (var workload in world.Enrolled)
                await output.WriteLineAsync($"workload    {workload.Name.Namespace}/{workload.Name.Name} {workload.Address} on {workload.Machine.Name}, enrolled by CNI ADD");
            await world.StartApplicationsAsync();
            return world;
        }
        catch
        {
            await KeepLogsAsync(lab, output);
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>The ends of all logs, where a failure is explained.</summary>
    public static async Task KeepLogsAsync(Lab lab, TextWriter output)
    {
        foreach (string log in Directory.GetFiles(lab.Folder, "mesh*.log", SearchOption.AllDirectories))
        {
            await output.WriteLineAsync($"--- {Path.GetRelativePath(lab.Folder, log)}");
            foreach (string line in (await File.ReadAllLinesAsync(log)).TakeLast(15)) await output.WriteLineAsync(line);
        }
    }

    public ValueTask DisposeAsync() => Lab.DisposeAsync();

    private async Task StartMeshAsync()
    {
        await Controller.StartAsync();
        string resources = Path.Combine(AppContext.BaseDirectory, "Resources", "shop.yaml");
        (await Controller.MeshctlAsync("apply", "-f", resources)).Must();
        await Task.WhenAll(DaemonA.JoinAsync(Controller), DaemonB.JoinAsync(Controller));
    }

    private async Task EnrolAsync()
    {
        Client = await AddAsync(A, DaemonA, "client", "client", "app:client");
        Intruder = await AddAsync(A, DaemonA, "intruder", "intruder", "app:intruder");
        CatalogV1 = await AddAsync(B, DaemonB, "catalog-v1-1", "catalog", "app:catalog,version:v1");
        CatalogV2 = await AddAsync(B, DaemonB, "catalog-v2-1", "catalog", "app:catalog,version:v2");
        Cache = await AddAsync(B, DaemonB, "cache-1", "cache", "app:cache");
        GreeterHost = await AddAsync(B, DaemonB, "greeter-1", "greeter", "app:greeter");
        Outsider = await A.AddWorkloadAsync(new("nowhere", "outsider", "none"), nodeSocket: null, pluginFolders);
    }

    private Task<LabWorkload> AddAsync(Machine machine, MeshDaemon daemon, string name, string account, string labels) =>
        machine.AddWorkloadAsync(new("shop", name, account, labels), daemon.NodeSocket, pluginFolders);

    private async Task StartApplicationsAsync()
    {
        byte[] download = RandomNumberGenerator.GetBytes(DownloadBytes);
        DownloadHash = Convert.ToHexStringLower(SHA256.HashData(download));
        foreach (var (workload, version) in new[] { (CatalogV1, "v1"), (CatalogV2, "v2") })
        {
            Directory.CreateDirectory(Path.Combine(workload.Folder, "www", "download"));
            await File.WriteAllBytesAsync(Path.Combine(workload.Folder, "www", "download", "minute.bin"), download);
            string config = Path.Combine(workload.Folder, "nginx.conf");
            await File.WriteAllTextAsync(config, NginxConfig(workload.Folder, version));
            workload.Start("nginx", ["nginx", "-p", workload.Folder, "-c", config]);
        }
        Cache.Start("redis", ["redis-server", "--port", "6379", "--save", "", "--protected-mode", "no", "--dir", Cache.Folder]);
        GreeterHost.Start("greeter", [.. Self, "greeter", "7000"]);
        await Task.WhenAll(Listens(CatalogV1, 8080), Listens(CatalogV2, 8080), Listens(Cache, 6379), Listens(GreeterHost, 7000));
    }

    /// <summary>This program as it must be started again, for its other roles.</summary>
    public static IReadOnlyList<string> Self { get; } = ["dotnet", typeof(World).Assembly.Location];

    private static Task Listens(LabWorkload workload, int port) => Until.TrueAsync($"{workload.Name.Name} listens on {port}", TimeSpan.FromSeconds(15),
        async () => (await workload.Space.RunAsync($"ss -Hltn sport = :{port}")).Output.Contains($":{port}", StringComparison.Ordinal));

    private static string NginxConfig(string folder, string version) => $$"""
        daemon off;
        user root;
        worker_processes 1;
        pid {{folder}}/nginx.pid;
        error_log {{folder}}/error.log;
        events { worker_connections 512; }
        http {
          access_log {{folder}}/access.log;
          client_body_temp_path {{folder}}/body;
          proxy_temp_path {{folder}}/proxy;
          fastcgi_temp_path {{folder}}/fastcgi;
          uwsgi_temp_path {{folder}}/uwsgi;
          scgi_temp_path {{folder}}/scgi;
          keepalive_requests 1000000;
          server {
            listen 8080;
            location / { return 200 "catalog {{version}} {{Marker}}\n"; }
            location /download/ { root {{folder}}/www; limit_rate 100k; }
          }
        }
        """;
}
