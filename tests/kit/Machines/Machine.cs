namespace Mesh.Kit.Machines;

/// <summary>One machine of the lab: a namespace with an uplink (eth0) to the bridge and a bridge of its own for its workloads.</summary>
public sealed class Machine
{
    private readonly Lab lab;
    private readonly int number;

    internal Machine(Lab lab, string name, int number, HostNamespace space)
    {
        (this.lab, Name, this.number, Space) = (lab, name, number, space);
        Directory.CreateDirectory(Folder);
    }

    public string Name { get; }

    public HostNamespace Space { get; }

    public string Folder => Path.Combine(lab.Folder, Name);

    public string Address => $"{Lab.Prefix}.0.{10 + number}";

    public string WorkloadSubnet => $"{Lab.Prefix}.{number}.0/24";

    public string AddressV6 => $"{Lab.PrefixV6}::{10 + number}";

    public string WorkloadSubnetV6 => $"{Lab.PrefixV6}:0:0:{number}::/64";

    /// <summary>The machine's own address on the network of its workloads.</summary>
    public string WorkloadGateway => $"{Lab.Prefix}.{number}.1";

    internal Lab Lab => lab;

    public async Task<LabWorkload> AddWorkloadAsync(WorkloadName name, string? nodeSocket, string pluginFolders, Families families = Families.V4)
    {
        bool hasV4 = families.HasFlag(Families.V4);
        string resolv = Path.Combine(Folder, hasV4 ? "resolv.conf" : "resolv6.conf");
        await File.WriteAllTextAsync(resolv, $"nameserver {(hasV4 ? WorkloadGateway : $"{Lab.PrefixV6}:0:0:{number}::1")}\noptions timeout:2 attempts:1\n");
        var space = lab.Owns(await HostNamespace.CreateAsync($"{lab.Name}-{Name}-{name.Name}", resolv));
        var chain = new CniChain(Space, pluginFolders, Lab.PluginList(this, nodeSocket, families));
        var workload = lab.Owns(new LabWorkload(this, name, space, chain));
        await workload.AddAsync();
        return workload;
    }

    /// <summary>A program on the machine itself, stopped when the lab ends.</summary>
    public Background Start(string name, IReadOnlyList<string> command) =>
        lab.Owns(Background.Start($"{name} on {Name}", Path.Combine(Folder, $"{name}.log"), Space.Inside(command)));

    internal async Task ConnectAsync()
    {
        string end = $"m{number}";
        await lab.Network.MustAsync($"ip link add {end} type veth peer name eth0 netns {Space.Name}");
        await lab.Network.MustAsync($"ip link set {end} master br0 up");
        await Space.MustAsync($"ip address add {Address}/24 dev eth0");
        await Space.MustAsync($"ip address add {AddressV6}/64 dev eth0 nodad");
        await Space.MustAsync("ip link set eth0 up");
        await Space.MustAsync("sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    }

    internal async Task RouteToAsync(Machine other)
    {
        await Space.MustAsync($"ip route add {other.WorkloadSubnet} via {other.Address}");
        await Space.MustAsync($"ip route add {other.WorkloadSubnetV6} via {other.AddressV6}");
    }
}
