using Mesh.Control.Translation;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Certificates;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;

namespace Mesh.Kit.Proxy;

/// <summary>The workload web and the workload cart behind the service shop/cart, as in <see cref="TestMachines"/>, but over real sockets and real TLS: for what only
/// they can show, such as what a request costs. Each machine has one loop; client and application are played on another.</summary>
public sealed class SocketMachines : IAsyncDisposable
{
    private const string Client = "10.0.1.1", Application = "10.0.2.1";

    private readonly LoopbackNetwork network = new();
    private readonly TestAuthority authority = new();
    private readonly Loopback peers = new();
    private readonly List<Loopback> machines = [];
    private readonly List<WorkloadHost> hosts = [];
    private readonly List<Peer> clients = [];
    private readonly ProxyOptions options = new();
    private PeerServer? app;

    /// <param name="sameNode">One machine for both.</param>
    /// <param name="reporter">Of each machine, made for it.</param>
    public static async Task<SocketMachines> StartAsync(bool sameNode, TestMachines.Wire wire, Func<ITrafficReporter> reporter)
    {
        var made = new SocketMachines();
        var web = new LocalWorkload("shop", "web", "web", [Ip.Parse(Client)], new Dictionary<string, string>());
        var cart = new LocalWorkload("shop", "cart", "cart", [Ip.Parse(Application)], new Dictionary<string, string>());
        await made.StartAsync(wire, reporter(), sameNode ? [web, cart] : [web]);
        if (!sameNode) await made.StartAsync(wire, reporter(), [cart]);
        made.app = new PeerServer(made.network.Host(Ip.Parse(Application), made.peers.Sockets), made.peers.Loop, new IpPort(Ip.AnyV4, 8080));
        return made;
    }

    /// <summary>The test's own work, on the peers' loop; half a minute at most.</summary>
    public Task RunAsync(Func<Task> work) => peers.RunAsync(work);

    public Task<Peer> AcceptAsync() => app!.AcceptAsync();

    /// <summary>A connection of web to shop/cart.</summary>
    public async Task<Peer> ConnectAsync()
    {
        var sockets = network.Host(Ip.Parse(Client), peers.Sockets);
        var peer = new Peer(await sockets.ConnectAsync(peers.Loop, new IpPort(Ip.Parse(Client), options.OutboundPort), new ConnectOptions(TimeSpan.FromSeconds(10))));
        clients.Add(peer);
        return peer;
    }

    /// <summary>Bytes that the machines' loops have allocated so far. Asking allocates as well, always the same.</summary>
    public async Task<long> AllocatedBytesAsync()
    {
        long sum = 0;
        foreach (var machine in machines)
        {
            var answer = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            machine.Loop.Post(static state => ((TaskCompletionSource<long>)state!).SetResult(GC.GetAllocatedBytesForCurrentThread()), answer);
            sum += await answer.Task;
        }
        return sum;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync(async () =>
        {
            foreach (var client in clients) await client.DisposeAsync();
        });
        foreach (var host in hosts) host.StopListening();
        app?.Dispose();
        var escaped = machines.Append(peers).SelectMany(static loopback => loopback.Escaped).ToList();
        foreach (var machine in machines) machine.Dispose();
        peers.Dispose();
        authority.Dispose();
        if (escaped.Count > 0) throw new AggregateException(escaped);
    }

    private async Task StartAsync(TestMachines.Wire wire, ITrafficReporter reporter, LocalWorkload[] workloads)
    {
        var machine = new Loopback();
        machines.Add(machine);
        var snapshots = new SnapshotHolder();
        snapshots.Publish(new SnapshotTranslator(1, new Random(1)).Apply(
        [
            ConfigChanges.Of(TestMachines.ServiceOf(wire)),
            ConfigChanges.Of(TestMachines.WorkloadOf("web", Client, Tunnel.Hbone)),
            ConfigChanges.Of(TestMachines.WorkloadOf("cart", Application, Tunnel.Hbone)),
        ], "cluster.local"));
        var proxy = new ProxyContext(
            options, machine.Loops, snapshots, new Identities(authority), network.Host(Ip.LoopbackV4, machine.Sockets), reporter, new Random(1));
        var host = new WorkloadHost(proxy, []);
        hosts.Add(host);
        foreach (var workload in workloads)
            await host.StartAsync(workload, network.Host(workload.Addresses[0], machine.Sockets, (options.OutboundPort, TestMachines.Cart)));
    }

    private sealed class Identities(TestAuthority authority) : IIdentitySource
    {
        private readonly Dictionary<SpiffeId, TlsContext> contexts = [];

        public ValueTask<TlsContext> GetAsync(SpiffeId identity)
        {
            if (!contexts.TryGetValue(identity, out var context)) contexts.Add(identity, context = authority.Context(identity.ToString()));
            return new(context);
        }
    }
}
