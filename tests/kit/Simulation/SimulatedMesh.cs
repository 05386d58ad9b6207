using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Proxy.Workloads;

namespace Mesh.Kit.Simulation;

/// <summary>A controller, machines with their meshd, and applications, from one seed.
/// <code>
/// var mesh = new SimulatedMesh(seed: 42);
/// mesh.AddNode("node-a");
/// var web = mesh.AddWorkload("node-a", "shop", "web-1", serviceAccount: "web", "10.0.1.1");
/// mesh.Controller.Apply(yaml);
/// mesh.Start();
/// mesh.RunUntilConverged();
/// </code></summary>
internal sealed class SimulatedMesh
{
    private readonly Dictionary<string, SimulatedNode> nodes = [];

    public SimulatedMesh(int seed)
    {
        Random = new Random(seed);
        Time = new VirtualTime();
        Network = new SimulatedNetwork(Time, new Random(Random.Next()));
        Wire = new WireWatch(Network, nodes.ContainsKey);
        Controller = new SimulatedController(Network, Network.AddHost("controller", "controller", "10.1.0.1"));
    }

    public Random Random { get; }
    public VirtualTime Time { get; }
    public SimulatedNetwork Network { get; }
    public WireWatch Wire { get; }
    public SimulatedController Controller { get; }
    public IReadOnlyCollection<SimulatedNode> Nodes => nodes.Values;

    public SimulatedNode Node(string name) => nodes[name];

    public SimulatedNode AddNode(string name)
    {
        var host = Network.AddHost(name, name, $"10.1.0.{10 + nodes.Count}");
        return nodes[name] = new SimulatedNode(Network, host, Controller, new Random(Random.Next()));
    }

    /// <summary>A workload that is enrolled on the machine.</summary>
    public SimulatedApp AddWorkload(string node, string space, string name, string serviceAccount, string address)
    {
        var app = AddOutsider(node, name, address);
        nodes[node].Enrol(
            new LocalWorkload(space, name, serviceAccount, [Ip.Parse(address)], new Dictionary<string, string>()), app.Host);
        return app;
    }

    /// <summary>An application that the mesh does not know.</summary>
    public SimulatedApp AddOutsider(string machine, string name, string address) => new(Network, Network.AddHost(name, machine, address), name);

    public void Start()
    {
        Controller.Start();
        foreach (var node in Nodes) node.Start();
    }

    /// <summary>Every node has the controller's newest configuration.</summary>
    public bool IsConverged => Controller.IsRunning && Nodes.All(node => node.Has(Controller.Current));

    /// <exception cref="TimeoutException">Not within that much virtual time.</exception>
    public void RunUntilConverged(TimeSpan? within = null) =>
        Time.RunUntil(() => IsConverged, within ?? TimeSpan.FromSeconds(60), "every node has the newest configuration");

    /// <summary>Everything runs again and nothing is lost any more.</summary>
    public void HealAll()
    {
        Network.Heal();
        Network.Faults = NetworkFaults.None;
        if (!Controller.IsRunning) Controller.Start();
        foreach (var node in Nodes.Where(node => !node.IsRunning)) node.Start();
    }
}
