using Google.Protobuf;
using Mesh.Control.Config;
using Mesh.Control.Translation;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Kit.Simulation;
using Mesh.Protocol.Config;
using Mesh.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Workloads;
using AppProtocol = Mesh.Protocol.Config.AppProtocol;

namespace Mesh.Kit.Proxy;

/// <summary>Machines with the real proxy and no control plane: sockets, TLS and time are simulated, applications are played by the test.
/// The service shop/cart has the virtual address 240.240.0.1:80 and the workload cart at port 8080 behind it.
/// <code>
/// var machines = new TestMachines { Protocol = TestMachines.Wire.Http };
/// machines.Enrol("a", "web", "10.0.1.1").Enrol("b", "cart", "10.0.2.1").Start();
/// machines.Run(async () => { … });
/// </code></summary>
public sealed class TestMachines
{
    private readonly VirtualTime time = new();
    private readonly SimulatedNetwork network;
    private readonly TestLoop peers;
    private readonly Dictionary<string, SimulatedHost> hosts = [];
    private readonly Dictionary<string, Machine> machines = [];
    private readonly Dictionary<string, Identities> identities = [];
    private readonly List<IMessage> resources = [];

    public TestMachines()
    {
        network = new SimulatedNetwork(time, new Random(1)) { Faults = NetworkFaults.None };
        peers = new TestLoop("peers", 0, time);
    }

    public static IpPort Cart { get; } = IpPort.Parse("240.240.0.1:80");

    public Wire Protocol { get; set; } = Wire.Http;

    /// <summary>A second port of the service for the same port of its workloads, declared as something else.</summary>
    public (ushort Number, Wire Protocol)? SecondPort { get; set; }

    /// <summary>How other machines reach the workloads that are enrolled from now on.</summary>
    public Tunnel Tunnel { get; set; } = Tunnel.Hbone;

    /// <summary>What the service's port is declared as.</summary>
    public enum Wire
    {
        Http,
        Http2,
        Grpc,
        Tcp,
        Redis,
        Tls,
        Detect,
    }

    /// <summary>Machines whose daemon knows no tunnel but HBONE.</summary>
    public HashSet<string> HboneOnly { get; } = [];

    /// <summary>TLS connections that machines have accepted.</summary>
    public int Handshakes { get; private set; }

    /// <summary>Machines that present this account's certificate whatever is asked of them.</summary>
    public Dictionary<string, string> Impostors { get; } = [];

    private sealed record Machine(TestLoop Loop, SnapshotHolder Snapshots, TrafficRecorder Traffic, List<(LocalWorkload, SimulatedHost)> Workloads)
    {
        public SnapshotTranslator Configuration { get; } = new(1, new Random(1));
    }

    /// <summary>Every workload of the machine has a new certificate.</summary>
    public void Renew(string machine) => identities[machine].Renew();

    public TrafficRecorder TrafficOf(string machine) => machines[machine].Traffic;

    /// <summary>A workload whose service account has its name.</summary>
    public TestMachines Enrol(string machine, string name, string address)
    {
        Outsider(machine, name, address);
        hosts[name].IsEnrolled = true;
        if (!machines.TryGetValue(machine, out var on)) machines.Add(machine, on = new Machine(new TestLoop(machine, 0, time), new SnapshotHolder(), new TrafficRecorder(), []));
        on.Workloads.Add((new LocalWorkload("shop", name, name, [Ip.Parse(address)], new Dictionary<string, string>()), hosts[name]));
        return With(WorkloadOf(name, address, Tunnel));
    }

    /// <summary>One behind the service shop/cart-replicas, which is declared as shop/cart is.</summary>
    public TestMachines EnrolReplica(string machine, string name, string address)
    {
        Enrol(machine, name, address);
        ((Workload)resources[^1]).Services.Add("shop/cart-replicas", new ServicePorts { Ports = { new PortMapping { ServicePort = Cart.Port, TargetPort = 8080 } } });
        if (resources.OfType<Service>().Any()) return this;
        var replicas = ServiceOf(Protocol);
        replicas.Name = "cart-replicas";
        replicas.Addresses.Clear();
        return With(replicas);
    }

    /// <summary>A host that the mesh does not know.</summary>
    public TestMachines Outsider(string machine, string name, string address)
    {
        hosts.Add(name, network.AddHost(name, machine, address));
        return this;
    }

    public TestMachines With(IMessage resource)
    {
        resources.Add(resource);
        return this;
    }

    public static AppProtocol Declared(Wire wire) => wire switch
    {
        Wire.Http => AppProtocol.Http,
        Wire.Http2 => AppProtocol.Http2,
        Wire.Grpc => AppProtocol.Grpc,
        Wire.Tcp => AppProtocol.Tcp,
        Wire.Redis => AppProtocol.Redis,
        Wire.Tls => AppProtocol.Tls,
        _ => AppProtocol.UnknownProtocol,
    };

    internal static Service ServiceOf(Wire wire) => new()
    {
        Namespace = "shop",
        Name = "cart",
        Addresses = { ByteString.CopyFrom(Cart.Address.ToBytes()) },
        Ports = { new ServicePort { Name = "p", Port = Cart.Port, AppProtocol = Declared(wire) } },
    };

    internal static Workload WorkloadOf(string name, string address, Tunnel tunnel)
    {
        var workload = new Workload { Namespace = "shop", Name = name, ServiceAccount = name, Tunnel = tunnel, Weight = 1, Addresses = { ByteString.CopyFrom(Ip.Parse(address).ToBytes()) } };
        if (name == "cart") workload.Services.Add("shop/cart", new ServicePorts { Ports = { new PortMapping { ServicePort = 80, TargetPort = 8080 } } });
        return workload;
    }

    public TestMachines Start()
    {
        resources.Add(ServiceOf(Protocol));
        if (SecondPort is { } second) Add(second.Number, second.Protocol);
        foreach (var (name, machine) in machines) Start(name, machine);
        return this;
    }

    private void Add(ushort port, Wire protocol)
    {
        ((Service)resources[^1]).Ports.Add(new ServicePort { Name = "second", Port = port, AppProtocol = Declared(protocol) });
        foreach (var workload in resources.OfType<Workload>())
        {
            if (workload.Services.TryGetValue("shop/cart", out var ports)) ports.Ports.Add(new PortMapping { ServicePort = port, TargetPort = 8080 });
        }
    }

    /// <summary>Every machine learns of it.</summary>
    public void Change(ConfigChange change)
    {
        foreach (var machine in machines.Values) machine.Snapshots.Publish(machine.Configuration.Apply([change], "cluster.local"));
    }

    /// <summary>The test's own work: applications and clients, on virtual time.</summary>
    public void Run(Func<Task> work, TimeSpan? within = null) => peers.Run(work, within);

    /// <summary>Virtual time goes by, inside <see cref="Run"/>.</summary>
    public Task PassAsync(TimeSpan span)
    {
        var passed = new TaskCompletionSource();
        new LoopTimer(peers.Timers, static state => ((TaskCompletionSource)state!).SetResult(), passed).Arm(span);
        return passed.Task;
    }

    /// <summary>What a machine reports; it comes a few turns after the event.</summary>
    public async Task<TrafficRecord> RecordAsync(string machine, int number = 0)
    {
        for (int turns = 0; turns < 10_000; turns++)
        {
            if (TrafficOf(machine).Records.ElementAtOrDefault(number) is { } record) return record;
            await Task.Yield();
        }
        throw new TimeoutException($"machine {machine} has reported {TrafficOf(machine).Records.Count} times");
    }

    public PeerServer Listen(string host, ushort port = 8080) => new(new SimulatedSocketFactory(network, hosts[host]), peers, new IpPort(Ip.AnyV4, port));

    public async Task<Peer> ConnectAsync(string host, IpPort destination) =>
        new(await new SimulatedSocketFactory(network, hosts[host]).ConnectAsync(peers, destination, new ConnectOptions(TimeSpan.FromSeconds(5))));

    private void Start(string name, Machine machine)
    {
        var sockets = new SimulatedSocketFactory(network, network.AddHost(name, name, $"10.9.0.{machines.Count + hosts.Count}"));
        identities.Add(name, new Identities(this, HboneOnly.Contains(name), Impostors.GetValueOrDefault(name)));
        var proxy = new ProxyContext(new ProxyOptions(), [machine.Loop], machine.Snapshots, identities[name], sockets, machine.Traffic, new Random(1));
        machine.Snapshots.Publish(machine.Configuration.Apply([.. resources.Select(ConfigChanges.Of)], "cluster.local"));
        var host = new WorkloadHost(proxy, []);
        foreach (var (workload, at) in machine.Workloads) machine.Loop.Run(() => host.StartAsync(workload, new SimulatedSocketFactory(network, at)));
    }

    private sealed class Identities(TestMachines machines, bool hboneOnly, string? impostor) : IIdentitySource
    {
        private readonly Dictionary<SpiffeId, TlsContext> contexts = [];

        public void Renew() => contexts.Clear();

        public ValueTask<TlsContext> GetAsync(SpiffeId identity)
        {
            var shown = impostor is null ? identity : new SpiffeId(identity.TrustDomain, identity.Namespace, impostor);
            if (!contexts.TryGetValue(identity, out var context))
                contexts.Add(identity, context = new CountedTls(machines, hboneOnly, shown.ToString()));
            return new(context);
        }
    }

    private sealed class CountedTls(TestMachines machines, bool hboneOnly, string uri) : TlsContext
    {
        private readonly SimulatedTls inner = new(machines.time, uri, "authority", ["authority"], DateTimeOffset.MaxValue);

        public override DateTimeOffset NotAfter => inner.NotAfter;

        public override ValueTask<SecureConnection> AcceptAsync(Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout)
        {
            machines.Handshakes++;
            return inner.AcceptAsync(transport, hboneOnly ? ["h2"] : alpn, timeout);
        }

        public override ValueTask<SecureConnection> ConnectAsync(
            Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout, TlsResumption? resumption = null) =>
            inner.ConnectAsync(transport, alpn, timeout, resumption);

        public override void Dispose() => inner.Dispose();
    }
}
