using System.Text.Json.Nodes;

namespace Mesh.Kit.Machines;

/// <summary>A small data centre on one computer: machines are network namespaces joined by a bridge that lives in a namespace of its own,
/// so that nothing of the computer's own network is touched. Everything made through it ends with it, last made first.
/// <code>
/// await using var lab = await Lab.CreateAsync("mesh-demo");
/// var a = await lab.AddMachineAsync("a");
/// var client = await a.AddWorkloadAsync(new("shop", "client", "client"));
/// </code></summary>
public sealed class Lab : IAsyncDisposable
{
    /// <summary>Machines are 10.77.0.0/24; the workloads of machine N are 10.77.N.0/24.</summary>
    public const string Prefix = "10.77";

    /// <summary>Machines are fd77::/64; the workloads of machine N are fd77:0:0:N::/64.</summary>
    public const string PrefixV6 = "fd77";

    private readonly Stack<IAsyncDisposable> made = new();
    private readonly List<Machine> machines = [];

    private Lab(string name, string folder, HostNamespace network) => (Name, Folder, Network) = (name, folder, network);

    /// <summary>Starts every name that the lab gives to something of the kernel.</summary>
    public string Name { get; }

    /// <summary>Configuration, state and logs; removed at the end.</summary>
    public string Folder { get; }

    /// <summary>Where the bridge is.</summary>
    public HostNamespace Network { get; }

    public IReadOnlyList<Machine> Machines => machines;

    /// <param name="prefix">Of namespaces and folders; the process id follows, so that what a killed run left is recognised and removed.</param>
    public static async Task<Lab> CreateAsync(string prefix)
    {
        await HostNamespace.RemoveAbandonedAsync(prefix);
        RemoveAbandonedFolders(prefix);
        string name = $"{prefix}-{Environment.ProcessId}";
        string folder = Directory.CreateTempSubdirectory($"{name}-").FullName;
        var network = await HostNamespace.CreateAsync($"{name}-net");
        await network.MustAsync("ip link add br0 type bridge");
        await network.MustAsync("ip link set br0 up");
        var lab = new Lab(name, folder, network);
        lab.Owns(network);
        return lab;
    }

    private static void RemoveAbandonedFolders(string prefix)
    {
        foreach (string folder in Directory.GetDirectories(Path.GetTempPath(), $"{prefix}-*"))
        {
            string maker = Path.GetFileName(folder)[(prefix.Length + 1)..].Split('-')[0];
            if (int.TryParse(maker, out _) && !Directory.Exists($"/proc/{maker}")) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Anything that must end before the lab does.</summary>
    public T Owns<T>(T something) where T : IAsyncDisposable
    {
        made.Push(something);
        return something;
    }

    public async Task<Machine> AddMachineAsync(string name)
    {
        var space = Owns(await HostNamespace.CreateAsync($"{Name}-{name}"));
        var machine = new Machine(this, name, machines.Count + 1, space);
        await machine.ConnectAsync();
        foreach (var other in machines) await Task.WhenAll(other.RouteToAsync(machine), machine.RouteToAsync(other));
        machines.Add(machine);
        return machine;
    }

    /// <summary>A primary plugin for pods of a machine, with mesh-cni after it if a node socket is given.</summary>
    public static JsonObject PluginList(Machine machine, string? nodeSocket, Families families = Families.V4)
    {
        var ranges = new JsonArray();
        if (families.HasFlag(Families.V4)) ranges.Add(new JsonArray(new JsonObject { ["subnet"] = machine.WorkloadSubnet }));
        if (families.HasFlag(Families.V6)) ranges.Add(new JsonArray(new JsonObject { ["subnet"] = machine.WorkloadSubnetV6 }));
        var bridge = new JsonObject
        {
            ["type"] = "bridge",
            ["bridge"] = "cni0",
            ["isDefaultGateway"] = true,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local",
                ["dataDir"] = Path.Combine(machine.Folder, "ipam"),
                ["ranges"] = ranges,
            },
        };
        var plugins = new JsonArray(bridge);
        if (nodeSocket is not null) plugins.Add(new JsonObject { ["type"] = "mesh-cni", ["nodeSocket"] = nodeSocket });
        return new JsonObject { ["cniVersion"] = "1.0.0", ["name"] = "lab", ["plugins"] = plugins };
    }

    /// <summary>Ends everything, whatever fails on the way; failures are said and never hide the reason for the end.</summary>
    public async ValueTask DisposeAsync()
    {
        while (made.TryPop(out var last))
        {
            try
            {
                await last.DisposeAsync();
            }
            catch (Exception error)
            {
                await Console.Error.WriteLineAsync($"{Name}: could not end {last}: {error.Message}");
            }
        }
        Directory.Delete(Folder, recursive: true);
    }
}
