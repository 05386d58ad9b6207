using System.Globalization;
using Mesh.Demo;
using Mesh.Kit.Machines;
using Mesh.Soak.Accounts;
using Mesh.Soak.Loading;

namespace Mesh.Soak;

/// <summary>A controller and two machines with a meshd each; on each machine a server and a client; beside the mesh a client of the gateway.</summary>
internal sealed class SoakWorld : IAsyncDisposable
{
    private readonly string pluginFolders;
    private readonly List<Background> servers = [];
    private readonly List<(LoadOptions Options, Background Program)> loads = [];
    private LabWorkload clientA = null!, clientB = null!, outside = null!, bystander = null!;

    private SoakWorld(Lab lab, string programs, Machine controller, Machine a, Machine b)
    {
        Lab = lab;
        pluginFolders = $"/usr/lib/cni:{programs}";
        Controller = new MeshController(controller, programs);
        (A, B) = (a, b);
        Nodes = [new SoakNode(a, programs), new SoakNode(b, programs)];
    }

    public Lab Lab { get; }
    public MeshController Controller { get; }
    public IReadOnlyList<SoakNode> Nodes { get; }
    public IReadOnlyList<Background> Servers => servers;
    public IReadOnlyList<(LoadOptions Options, Background Program)> Loads => loads;

    private Machine A { get; }
    private Machine B { get; }

    /// <summary>This program as it must be started again, for its other roles.</summary>
    private static IReadOnlyList<string> Self { get; } = ["dotnet", typeof(SoakWorld).Assembly.Location];

    public static async Task<SoakWorld> StartAsync()
    {
        string programs = Repository.Programs;
        var lab = await Lab.CreateAsync("mesh-soak");
        try
        {
            var world = new SoakWorld(lab, programs, await lab.AddMachineAsync("controller"), await lab.AddMachineAsync("node-a"), await lab.AddMachineAsync("node-b"));
            await world.StartMeshAsync();
            await world.StartServersAsync();
            return world;
        }
        catch
        {
            await KeepLogsAsync(lab, Console.Error);
            await lab.DisposeAsync();
            throw;
        }
    }

    public Changes Changes => new(Controller, bystander);

    /// <summary>Starts the clients; each goes on until it is told to stop.</summary>
    public void StartLoad(SoakOptions options)
    {
        string gateway = $"gateway={B.Address}";
        Start(clientA, "server-a", "server-b");
        Start(clientB, "server-a", "server-b");
        Start(outside, gateway);

        void Start(LabWorkload client, params string[] targets)
        {
            var parsed = LoadOptions.Parse(
            [
                client.Name.Name, (options.Seed + (ulong)loads.Count).ToString("x", CultureInfo.InvariantCulture), "12",
                options.Rate.ToString(CultureInfo.InvariantCulture), string.Join(',', options.Kinds), Path.Combine(client.Folder, "ledger"), .. targets,
            ]);
            loads.Add((parsed, client.Start("load", [.. Self, "load", .. parsed.ToArguments()])));
        }
    }

    public async Task StopLoadAsync(TimeSpan bound)
    {
        foreach (var (_, program) in loads) await program.SignalAsync("TERM");
        await Task.WhenAll(loads.Select(load => load.Program.WaitForExitAsync(bound)));
    }

    public static async Task KeepLogsAsync(Lab lab, TextWriter output)
    {
        foreach (string log in Directory.GetFiles(lab.Folder, "*.log", SearchOption.AllDirectories))
        {
            await output.WriteLineAsync($"--- {Path.GetRelativePath(lab.Folder, log)}");
            foreach (string line in (await File.ReadAllLinesAsync(log)).TakeLast(25)) await output.WriteLineAsync(line);
        }
    }

    public ValueTask DisposeAsync() => Lab.DisposeAsync();

    private async Task StartMeshAsync()
    {
        await Controller.StartAsync();
        (await Controller.MeshctlAsync("apply", "-f", Path.Combine(AppContext.BaseDirectory, "Resources", "soak.yaml"))).Must();
        await Task.WhenAll(Nodes.Select(node => node.StartAsync(Controller)));
    }

    private async Task StartServersAsync()
    {
        var serverA = await AddAsync(Nodes[0], "server-a", "app:server-a");
        var serverB = await AddAsync(Nodes[1], "server-b", "app:server-b");
        clientA = await AddAsync(Nodes[0], "client-a", "app:client");
        clientB = await AddAsync(Nodes[1], "client-b", "app:client");
        bystander = await AddAsync(Nodes[0], "bystander", "app:bystander");
        await bystander.DeleteAsync();
        outside = await A.AddWorkloadAsync(new("nowhere", "outside", "none"), nodeSocket: null, pluginFolders);
        foreach (var server in new[] { serverA, serverB })
        {
            servers.Add(server.Start("serve", [.. Self, "serve"]));
            server.Start("redis", ["redis-server", "--port", "6379", "--save", "", "--protected-mode", "no", "--dir", server.Folder]);
        }
        foreach (var program in servers)
            await Until.TrueAsync($"{program.Name} is ready", TimeSpan.FromSeconds(30), () => program.ReadLog().Contains("ready", StringComparison.Ordinal), () => program.LogTail());
    }

    private Task<LabWorkload> AddAsync(SoakNode node, string name, string labels) =>
        node.Machine.AddWorkloadAsync(new("soak", name, name, labels), node.Daemon.NodeSocket, pluginFolders);
}
