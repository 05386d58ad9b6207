using System.Net;
using Mesh.Controller.Access;
using Mesh.Controller.Api;
using Mesh.Controller.Config;
using Mesh.Controller.Distribution;
using Mesh.Controller.Graph;
using Mesh.Controller.Identity;
using Mesh.Controller.Registry;
using Mesh.Controller.Telemetry;
using Mesh.Resources.Compile;
using Mesh.Resources.Kinds;
using Mesh.Store;
using Microsoft.Extensions.Logging;

namespace Mesh.Controller.Hosting;

/// <summary>
/// A running controller. Starts in the order store, bootstrap, authority, graph, nodes, API, readiness, and stops in reverse; what has been
/// started when a later step fails is stopped again.
/// </summary>
internal sealed class ControllerHost : IAsyncDisposable
{
    private const int metricsBodyBytes = 1024; // nobody posts there

    private readonly Stack<object> parts = new();
    private readonly CancellationTokenSource stopping = new();

    public required string KubeconfigPath { get; init; }

    public IPEndPoint ApiAddress { get; private set; } = new(IPAddress.None, 0);

    public IPEndPoint NodesAddress { get; private set; } = new(IPAddress.None, 0);

    public IPEndPoint MetricsAddress { get; private set; } = new(IPAddress.None, 0);

    /// <exception cref="StoreUnusableException">The database cannot be used.</exception>
    /// <exception cref="AuthorityException">The authority cannot be used.</exception>
    /// <exception cref="BootstrapException">The configured resources are wrong.</exception>
    /// <exception cref="IOException">An address is taken or not of this machine.</exception>
    public static async Task<ControllerHost> StartAsync(ControllerConfig config, TimeProvider time, Random random, ILoggerFactory logs)
    {
        var host = new ControllerHost { KubeconfigPath = Path.Combine(config.Data, AdminKubeconfig.FileName) };
        try
        {
            await host.StartPartsAsync(config, time, random, logs);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        while (parts.TryPop(out var part))
        {
            if (part is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                ((IDisposable)part).Dispose();
        }

        stopping.Dispose();
    }

    private async Task StartPartsAsync(ControllerConfig config, TimeProvider time, Random random, ILoggerFactory logs)
    {
        Directory.CreateDirectory(config.Data);
        var metrics = new ControllerMetrics();
        var store = Own(StoreHandle.OpenSqlite(Path.Combine(config.Data, "mesh.db"), time, random));
        await Bootstrap.RunAsync(store.Resources, config.Resources, time.GetUtcNow());
        var authority = Own(CertificateAuthority.Open(Authority(config), time));
        var (names, addresses) = CertificateNames.Of(config);
        var certificates = new ServerCertificateSource(authority, names, addresses, time);
        var options = config.CompileOptions;

        var graph = Own(new GraphSource(store.Resources, options, time, metrics, logs.CreateLogger("graph")));
        var joinTokens = new JoinTokens(store.Secrets, time);
        var nodes = Own(new NodeServices(authority, joinTokens, graph, new WorkloadRegistry(store.Resources, time), time, logs.CreateLogger("nodes")));
        NodesAddress = Own(await NodeServer.StartAsync(config.Nodes, certificates, authority, nodes, time, logs)).Address;

        var accessTokens = new AccessTokens(store.Secrets);
        var api = Api(store, options, new TokenEndpoints(joinTokens, accessTokens, time), accessTokens, metrics, time, random, logs);
        ApiAddress = Own(await HttpListener.StartAsync(config.Listen, certificates, new ApiLimits().BodyBytes, api.HandleAsync, logs)).Address;
        AdminKubeconfig.WriteIfMissing(config.Data, ApiAddress, authority.TrustRootsPem, accessTokens);

        Observe(metrics, store.Resources, nodes);
        var pages = new MetricsPages(metrics);
        MetricsAddress = Own(await HttpListener.StartAsync(config.Metrics, null, metricsBodyBytes, pages.HandleAsync, logs)).Address;
    }

    private ApiHandler Api(
        StoreHandle store, CompileOptions options, TokenEndpoints tokens, AccessTokens accessTokens, ControllerMetrics metrics, TimeProvider time, Random random, ILoggerFactory logs)
    {
        var limits = new ApiLimits();
        var router = new ApiRouter(
            new ReadEndpoints(store.Resources, time),
            new WriteEndpoints(store.Resources, options, time, random),
            new WatchEndpoint(store.Resources, time, limits, metrics, stopping.Token),
            tokens,
            new AuditEndpoint(store.Resources));
        return new ApiHandler(new Authenticator(accessTokens), router, limits, new ApiLog(logs.CreateLogger("api")), metrics);
    }

    private static AuthorityConfig Authority(ControllerConfig config) => new()
    {
        TrustDomain = config.TrustDomain,
        DataDirectory = config.Data,
        CertificateFile = config.AuthorityCertificateFile,
        KeyFile = config.AuthorityKeyFile,
    };

    private static void Observe(ControllerMetrics metrics, IResourceStore store, NodeServices nodes)
    {
        metrics.Observe("mesh_controller_store_version", () => store.Current.Version);
        metrics.Observe("mesh_controller_nodes_connected", () => nodes.Nodes.ConnectedCount);
        metrics.Observe("mesh_config_rejected_total", () => nodes.Nodes.RejectionCount);
        foreach (var kind in KindCatalog.All)
            metrics.Observe($"mesh_controller_resources_{kind.Plural}", () => store.Current.Resources.OfKind(kind.Kind).Count());
    }

    private T Own<T>(T part)
        where T : notnull
    {
        parts.Push(part);
        return part;
    }
}
