using System.Text;
using Mesh.Controller.Distribution;
using Mesh.Controller.Identity;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Resources;
using Mesh.Resources.Compile;
using Mesh.Resources.Reading;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.Kit.Simulation;

/// <summary>The controller's services for nodes on the simulated network. Stopping loses what a crash loses; the authority, tokens and resources
/// are what it has on disk.</summary>
internal sealed class SimulatedController : IGraphSource
{
    public const ushort Port = 15012;
    public const string TrustDomain = "mesh.test";

    private static readonly string[] Alpn = ["h2"];

    private readonly SimulatedNetwork network;
    private readonly SimulatedSocketFactory sockets;
    private readonly TestRegistry registry = new();
    private TestLoop? loop;
    private NodeServices? services;

    public SimulatedController(SimulatedNetwork network, SimulatedHost host)
    {
        (this.network, Host) = (network, host);
        sockets = new SimulatedSocketFactory(network, host);
        Authority = CertificateAuthority.Create(TrustDomain, new CertificateLifetimes(), network.Time);
        Tokens = new JoinTokens(new MemorySecretStore(), network.Time);
    }

    public SimulatedHost Host { get; }
    public CertificateAuthority Authority { get; }
    public JoinTokens Tokens { get; }
    public string RootId => SimulatedTls.RootId(Authority.TrustRoots[0]);
    public bool IsRunning => services is not null;

    public CompiledGraph Current { get; private set; } = CompiledGraph.Empty;

    public event Action? Changed;

    /// <summary>Replaces every resource.</summary>
    /// <exception cref="FormatException">The text has errors.</exception>
    public void Apply(string yaml)
    {
        var loaded = ResourceLoader.Load(Encoding.UTF8.GetBytes(yaml), "simulation.yaml");
        if (loaded.Errors.Count > 0) throw new FormatException(string.Join("\n", loaded.Errors));
        Current = ResourceCompiler.Compile(ResourceSet.Of(loaded.Resources), new CompileOptions(TrustDomain), Current).Graph;
        Changed?.Invoke();
    }

    public void Start()
    {
        loop = new TestLoop("controller", 0, network.Time);
        services = new NodeServices(Authority, Tokens, this, registry, network.Time, NullLogger.Instance);
        var running = services;
        sockets.Listen(new IpPort(Ip.AnyV4, Port), [loop], ListenOptions.Default, connection => _ = ServeAsync(running, connection));
    }

    /// <summary>What no handler has caught: always a defect.</summary>
    public List<Exception> Escaped { get; } = [];

    /// <summary>As SIGKILL.</summary>
    public void Kill()
    {
        if (loop is null) return;
        network.Kill(loop);
        services!.Dispose();
        (loop, services) = (null, null);
    }

    private async Task ServeAsync(NodeServices running, Connection connection)
    {
        var tls = new SimulatedTls(
            network.Time, $"spiffe://{TrustDomain}/controller", RootId, [RootId], DateTimeOffset.MaxValue, allowAnonymous: true);
        try
        {
            var secure = await tls.AcceptAsync(connection, Alpn, TimeSpan.FromSeconds(10));
            await Http2GrpcServer.ServeAsync(running.Router, secure, secure.PeerUri, Escaped.Add);
        }
        catch (ConnectionBrokenException)
        {
            // a client that went away
        }
    }
}
