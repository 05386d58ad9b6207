using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>A namespace with an address and nothing else, which mesh-cni enrols as the last plugin of a chain.</summary>
internal sealed class EnrolledNamespace
{
    private readonly Machine machine;
    private readonly HostNamespace space;
    private readonly string nodeSocket;
    private readonly WorkloadName name;
    private readonly string address;

    private EnrolledNamespace(Machine machine, HostNamespace space, string nodeSocket, WorkloadName name, string address) =>
        (this.machine, this.space, this.nodeSocket, this.name, this.address) = (machine, space, nodeSocket, name, address);

    /// <summary>Milliseconds from exec to exit, and of CPU with all children.</summary>
    public readonly record struct Cost(double Wall, double Cpu);

    /// <param name="number">Of the namespace on its machine, from 0; gives its address.</param>
    public static async Task<EnrolledNamespace> CreateAsync(Lab lab, Machine machine, string nodeSocket, int number)
    {
        var space = lab.Owns(await HostNamespace.CreateAsync($"{lab.Name}-{machine.Name}-w{number}"));
        string address = $"{machine.WorkloadSubnet[..machine.WorkloadSubnet.LastIndexOf('.')]}.{2 + number}";
        await space.MustAsync($"ip address add {address}/32 dev lo scope global");
        return new(machine, space, nodeSocket, new("bench", $"w-{number}", "default", $"app:s-{number}"), address);
    }

    /// <exception cref="ShellException">The plugin refused.</exception>
    public async Task<Cost> AddAsync()
    {
        string[] command = ["bash", "-c", "TIMEFORMAT='%R %U %S'; time \"$0\"", Plugin];
        string times = (await CallAsync("ADD", command)).Error.Trim().Split('\n')[^1];
        double[] seconds = [.. times.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        return new(seconds[0] * 1000, (seconds[1] + seconds[2]) * 1000);
    }

    public Task DeleteAsync() => CallAsync("DEL", [Plugin]);

    private static string Plugin => Path.Combine(Repository.Programs, "mesh-cni");

    private async Task<ShellResult> CallAsync(string verb, IReadOnlyList<string> command)
    {
        string[] environment =
        [
            $"CNI_COMMAND={verb}", $"CNI_CONTAINERID={space.Name}", $"CNI_NETNS={space.Path}", "CNI_IFNAME=lo",
            $"CNI_PATH={Repository.Programs}", $"CNI_ARGS={name.Arguments}",
        ];
        var configuration = new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "bench",
            ["type"] = "mesh-cni",
            ["nodeSocket"] = nodeSocket,
            ["prevResult"] = new JsonObject
            {
                ["cniVersion"] = "1.0.0",
                ["interfaces"] = new JsonArray(new JsonObject { ["name"] = "lo", ["sandbox"] = space.Path }),
                ["ips"] = new JsonArray(new JsonObject { ["address"] = $"{address}/32", ["interface"] = 0 }),
            },
        };
        return (await machine.Space.RunAsync(["env", .. environment, .. command], configuration.ToJsonString())).Must();
    }
}
