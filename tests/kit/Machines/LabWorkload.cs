using System.Text.Json.Nodes;

namespace Mesh.Kit.Machines;

/// <summary>Who a workload is, as the container runtime tells the plugin.</summary>
public sealed record WorkloadName(string Namespace, string Name, string ServiceAccount, string Labels = "")
{
    /// <summary>CNI_ARGS.</summary>
    public string Arguments =>
        $"IgnoreUnknown=1;MESH_NAMESPACE={Namespace};MESH_WORKLOAD={Name};MESH_SERVICE_ACCOUNT={ServiceAccount};MESH_LABELS={Labels}";
}

/// <summary>A namespace connected by the CNI chain of its machine, and the programs that run in it.</summary>
public sealed class LabWorkload : IAsyncDisposable
{
    private readonly Machine machine;
    private readonly CniChain chain;
    private readonly string container;
    private JsonObject? result;

    internal LabWorkload(Machine machine, WorkloadName name, HostNamespace space, CniChain chain)
    {
        (this.machine, Name, Space, this.chain) = (machine, name, space, chain);
        container = $"{machine.Lab.Name}-{name.Namespace}-{name.Name}";
        Directory.CreateDirectory(Folder);
    }

    public WorkloadName Name { get; }

    public HostNamespace Space { get; }

    public Machine Machine => machine;

    public string Folder => Path.Combine(machine.Folder, Name.Name);

    /// <summary>The first address the primary plugin gave it.</summary>
    public string Address => Addresses.FirstOrDefault("");

    /// <summary>All of them; IPv4 first.</summary>
    public IReadOnlyList<string> Addresses { get; private set; } = [];

    public bool IsConnected => result is not null;

    public Background Start(string program, IReadOnlyList<string> command) =>
        machine.Lab.Owns(Background.Start($"{program} of {Name.Name}", Path.Combine(Folder, $"{program}.log"), Space.Inside(command)));

    public Task CheckAsync() => chain.CheckAsync(container, Space.Path, Name.Arguments, result!);

    /// <summary>DEL through the chain, as the runtime does when the workload ends. The namespace stays, for inspection.</summary>
    public async Task DeleteAsync()
    {
        await chain.DeleteAsync(container, Space.Path, Name.Arguments, result);
        result = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (IsConnected) await DeleteAsync();
    }

    /// <summary>ADD through the chain, once more after a DEL.</summary>
    public async Task AddAsync()
    {
        result = await chain.AddAsync(container, Space.Path, Name.Arguments);
        Addresses = [.. result["ips"]!.AsArray().Select(static ip => ((string)ip!["address"]!).Split('/')[0]).OrderBy(static address => address.Contains(':'))];
    }
}
