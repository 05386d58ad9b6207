using Mesh.Control.Identity;
using Mesh.Control.Link;
using Mesh.Controller.Distribution;
using Mesh.Controller.Identity;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Protocol.Grpc;
using Mesh.Protocol.Identity;
using Microsoft.Extensions.Logging;

namespace Mesh.Kit.Control;

/// <summary>The controller's side for nodes, in memory and on virtual time. Nodes reach it over HTTP/2 in memory; the certificate that
/// TLS would have verified is told by the connection. Stopping and starting keeps what a real one keeps on disk.</summary>
internal sealed class TestController
{
    private readonly List<MemoryConnection> connections = [];
    private readonly TestLoop loop;
    private NodeServices? services;

    public TestController(TestLoop loop, CertificateLifetimes? lifetimes = null)
    {
        this.loop = loop;
        Authority = CertificateAuthority.Create("mesh.test", lifetimes ?? new CertificateLifetimes(), loop.Time);
        Tokens = new JoinTokens(new MemorySecretStore(), loop.Time);
        Start();
    }

    public CertificateAuthority Authority { get; }

    public JoinTokens Tokens { get; }

    public TestGraph Graph { get; } = new();

    public TestRegistry Registry { get; } = new();

    public NodeServices Services => services ?? throw new InvalidOperationException("the controller is stopped");

    /// <summary>What it says, and what nobody has caught while it served.</summary>
    public List<string> Log { get; } = [];

    public int ConnectionsMade { get; private set; }

    public void Start() => services = new NodeServices(Authority, Tokens, Graph, Registry, loop.Time, new ListLogger(Log));

    /// <summary>As a crash: connections are reset.</summary>
    public void Stop()
    {
        foreach (var connection in connections) connection.Abort();
        connections.Clear();
        services?.Dispose();
        services = null;
    }

    /// <summary>What a node uses to reach it.</summary>
    public IControllerConnector Connector => new MemoryConnector(this);

    private sealed class MemoryConnector(TestController controller) : IControllerConnector
    {
        public Task<IControllerChannel> ConnectAsync(HeldCertificate? certificate, IReadOnlyList<byte[]> roots)
        {
            if (controller.services is not { } services)
                return Task.FromException<IControllerChannel>(new ConnectionBrokenException(BreakKind.ConnectFailed, "connection refused"));
            controller.ConnectionsMade++;
            var (client, server) = MemoryConnection.Pair(controller.loop);
            controller.connections.Add(server);
            _ = Http2GrpcServer.ServeAsync(services.Router, server, certificate?.Uri, error => controller.Log.Add(error.ToString()));
            return Task.FromResult<IControllerChannel>(Http2Transport.Start(client, "controller.test"));
        }
    }
}

/// <summary>Remembers what nodes report.</summary>
internal sealed class TestRegistry : IWorkloadRegistry
{
    public Dictionary<string, NodeReport> Nodes { get; } = [];

    public Dictionary<string, IReadOnlyList<EnrolledWorkload>> Workloads { get; } = [];

    /// <summary>Workloads that are refused, by name, with the reason.</summary>
    public Dictionary<string, string> Refused { get; } = [];

    public Task<IReadOnlyList<(string Name, string Problem)>> ReplaceNodeWorkloadsAsync(string node, IReadOnlyList<EnrolledWorkload> workloads)
    {
        Workloads[node] = workloads;
        return Task.FromResult<IReadOnlyList<(string, string)>>(
        [
            .. workloads.Select(static workload => $"{workload.Namespace}/{workload.Name}").Where(Refused.ContainsKey).Select(name => (name, Refused[name])),
        ]);
    }

    public Task SetNodeAsync(NodeReport report)
    {
        Nodes[report.Node] = report;
        return Task.CompletedTask;
    }
}

internal sealed class MemorySecretStore : Mesh.Store.ISecretStore
{
    private readonly SortedDictionary<string, byte[]> values = new(StringComparer.Ordinal);

    public byte[]? Get(string key) => values.GetValueOrDefault(key);

    public IReadOnlyList<string> Keys(string prefix) => [.. values.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))];

    public void Put(string key, ReadOnlySpan<byte> value) => values[key] = value.ToArray();

    public void Delete(string key) => values.Remove(key);
}

internal sealed class ListLogger(List<string> lines) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Add($"{logLevel}: {formatter(state, exception)} {exception}");
}
