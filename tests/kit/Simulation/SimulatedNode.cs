using Mesh.Control;
using Mesh.Control.Config;
using Mesh.Control.Identity;
using Mesh.Control.Link;
using Mesh.Control.Translation;
using Mesh.Control.Workloads;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Workloads;
using Mesh.Resources.Compile;

namespace Mesh.Kit.Simulation;

/// <summary>One machine's meshd: the real control side and the real proxy on one loop, simulated sockets and TLS below. Its disk outlives a kill.</summary>
internal sealed class SimulatedNode(SimulatedNetwork network, SimulatedHost host, SimulatedController controller, Random random)
{
    private readonly MemoryStateStore disk = new();
    private readonly string token = controller.Tokens.Create(TimeSpan.FromDays(1), host.Machine);
    private readonly List<(LocalWorkload Workload, SimulatedHost Host)> enrolled = [];
    private CancellationTokenSource stop = new();
    private TestLoop? loop;
    private ResourceCache? cache;

    public string Name => host.Machine;
    public bool IsRunning => loop is not null;
    public SnapshotHolder Snapshots { get; private set; } = new();
    public SimulatedTraffic Traffic { get; } = new();
    public List<ControlEvent> Events { get; } = [];

    /// <summary>Runs, and has in force exactly what the graph says: every type, every resource, every version.</summary>
    public bool Has(CompiledGraph graph) => IsRunning && cache is { IsComplete: true } held && graph.Types.All(type =>
    {
        var mine = held.OfType(type.Key);
        return mine.Count == type.Value.Count && type.Value.All(resource => mine.GetValueOrDefault(resource.Key)?.Version == resource.Value.Version);
    });

    /// <summary>Takes effect at the next start: a simulated plugin enrols while the daemon is down.</summary>
    public void Enrol(LocalWorkload workload, SimulatedHost workloadHost)
    {
        workloadHost.IsEnrolled = true;
        enrolled.Add((workload, workloadHost));
    }

    public void Start()
    {
        var running = loop = new TestLoop(Name, 0, network.Time);
        stop = new CancellationTokenSource();
        Snapshots = new SnapshotHolder();
        var sockets = new SimulatedSocketFactory(network, host);
        var connector = new ControllerConnector(
            controller.Host.Address.ToString(), SimulatedController.Port, running, sockets,
            static _ => throw new IOException("there is no DNS here"), ControllerContext);
        var config = new NodeIdentityConfig
        {
            Node = Name,
            Addresses = [host.Address],
            Version = "0.0.0",
            JoinRoots = controller.Authority.TrustRoots,
            ReadJoinToken = () => token,
        };
        var keys = new InlineKeyFactory();
        var identity = new NodeIdentity(config, disk, keys, connector, network.Time, random, Events.Add);
        var resources = cache = new ResourceCache(ResourceChecks.Check);
        _ = new SnapshotPublisher(resources, version => new SnapshotTranslator(1, random, version), Snapshots,
            static () => SimulatedController.TrustDomain, RunAtOnce, static problem => throw new InvalidOperationException(problem));
        var lastGood = new LastGoodState(resources, disk, network.Time, Events.Add);
        var reporter = new WorkloadReporter(Events.Add);
        var link = new ControllerLink(identity, connector, [new ConfigClient(config, resources, Events.Add), reporter], network.Time, random, Events.Add);
        var identities = new IdentityManager(running, new ControllerSigner(keys, link, network.Time), WorkloadContext, disk, network.Time, random, Events.Add);
        link.RootsChanged += roots => _ = identities.TrustAsync(roots);
        var proxy = new ProxyContext(new ProxyOptions(), [running], Snapshots, identities, sockets, Traffic, random);
        running.Post(_ => _ = RunAsync(new WorkloadHost(proxy, []), lastGood, identities, link, reporter), null);
    }

    /// <summary>As SIGKILL: nothing is flushed.</summary>
    public void Kill()
    {
        if (loop is null) return;
        network.Kill(loop);
        stop.Cancel();
        loop = null;
    }

    private async Task RunAsync(WorkloadHost workloads, LastGoodState lastGood, IdentityManager identities, ControllerLink link, WorkloadReporter reporter)
    {
        await identities.LoadAsync();
        await lastGood.LoadAsync();
        foreach (var (workload, workloadHost) in enrolled) await workloads.StartAsync(workload, new SimulatedSocketFactory(network, workloadHost));
        reporter.Set([.. enrolled.Select(static entry => new EnrolledState(entry.Workload, true))]);
        await identities.SetIdentitiesAsync(
            [.. enrolled.Select(static entry => new SpiffeId(SimulatedController.TrustDomain, entry.Workload.Namespace, entry.Workload.ServiceAccount)).Distinct()]);
        await link.RunAsync(stop.Token);
    }

    private static Task RunAtOnce(Action work)
    {
        work();
        return Task.CompletedTask;
    }

    private SimulatedTls ControllerContext(string _, HeldCertificate? held, IReadOnlyList<byte[]> roots) => new(
        network.Time, held?.Uri, held is null ? "" : SimulatedTls.RootId(held.Roots[0]), [.. roots.Select(SimulatedTls.RootId)], held?.NotAfter ?? DateTimeOffset.MaxValue);

    private SimulatedTls WorkloadContext(HeldCertificate held) =>
        new(network.Time, held.Uri, SimulatedTls.RootId(held.Roots[0]), [.. held.Roots.Select(SimulatedTls.RootId)], held.NotAfter);
}
