using Mesh.Control;
using Mesh.Control.Config;
using Mesh.Control.Identity;
using Mesh.Control.Link;
using Mesh.Control.State;
using Mesh.Control.Workloads;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;

namespace Mesh.Kit.Control;

/// <summary>The control side of one meshd, composed as the real one, with a stand-in for TLS contexts.</summary>
internal sealed class TestNode
{
    private readonly CancellationTokenSource stop = new();
    private readonly TestLoop loop;

    public TestNode(
        TestLoop loop, TestController controller, string name = "node-a", string? token = null, IStateStore? disk = null, ResourceCheck? check = null)
    {
        this.loop = loop;
        Disk = disk ?? new MemoryStateStore();
        var config = new NodeIdentityConfig
        {
            Node = name,
            Addresses = [Ip.Parse("10.0.0.1")],
            Version = "1.2.3",
            JoinRoots = controller.Authority.TrustRoots,
            ReadJoinToken = () => token,
        };
        var random = new Random(1);
        Identity = new NodeIdentity(config, Disk, Keys, controller.Connector, loop.Time, random, Events.Add);
        Cache = new ResourceCache(check ?? (static (_, _, _) => null));
        LastGood = new LastGoodState(Cache, Disk, loop.Time, Events.Add);
        Reporter = new WorkloadReporter(Events.Add);
        Link = new ControllerLink(
            Identity, controller.Connector, [new ConfigClient(config, Cache, Events.Add), Reporter], loop.Time, random, Events.Add);
        Identities = new IdentityManager(
            loop, new ControllerSigner(Keys, Link, loop.Time), static held => new FakeTlsContext(held), Disk, loop.Time, random, Events.Add);
        Link.RootsChanged += roots => _ = Identities.TrustAsync(roots);
    }

    public IStateStore Disk { get; }
    public InlineKeyFactory Keys { get; } = new();
    public NodeIdentity Identity { get; }
    public ResourceCache Cache { get; }
    public LastGoodState LastGood { get; }
    public WorkloadReporter Reporter { get; }
    public ControllerLink Link { get; }
    public IdentityManager Identities { get; }
    public List<ControlEvent> Events { get; } = [];

    /// <summary>Ends when the node was stopped; failed, it shows what nobody has caught.</summary>
    public Task? Run { get; private set; }

    /// <summary>For the message of an assertion: what the node does and says.</summary>
    public string Story => string.Join('\n', [Run?.Exception?.ToString() ?? Run?.Status.ToString(), .. Events.Select(static entry => entry.Message)]);

    /// <summary>As meshd does: from disk first, then the link.</summary>
    public TestNode Start()
    {
        loop.Post(_ => Run = RunAsync(), null);
        return this;
    }

    /// <summary>As a kill: nothing is flushed, timers fire no more.</summary>
    public void Stop() => stop.Cancel();

    private async Task RunAsync()
    {
        await Identities.LoadAsync();
        await LastGood.LoadAsync();
        await Link.RunAsync(stop.Token);
    }
}

/// <summary>Knows what it was made of and secures nothing.</summary>
internal sealed class FakeTlsContext(HeldCertificate held) : TlsContext
{
    public HeldCertificate Held => held;

    public override DateTimeOffset NotAfter => held.NotAfter;

    public override ValueTask<SecureConnection> AcceptAsync(Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout) =>
        throw new NotSupportedException();

    public override ValueTask<SecureConnection> ConnectAsync(
        Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout, TlsResumption? resumption = null) =>
        throw new NotSupportedException();

    public override void Dispose()
    {
    }
}
