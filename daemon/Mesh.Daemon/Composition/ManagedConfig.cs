using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Control;
using Mesh.Control.Config;
using Mesh.Control.Identity;
using Mesh.Control.Keys;
using Mesh.Control.Link;
using Mesh.Control.State;
using Mesh.Control.Workloads;
using Mesh.Daemon.Options;
using Mesh.Io;
using Mesh.Io.Epoll;
using Mesh.Io.Tls;
using Mesh.Telemetry.Logging;
using Mesh.Telemetry.Metrics;

namespace Mesh.Daemon.Composition;

/// <summary>Configuration and certificates from a controller. Everything here runs on the control loop.</summary>
internal sealed class ManagedConfig
{
    private const string DefaultTrustDomain = "cluster.local";

    private readonly EpollLoop loop;
    private readonly NodeIdentity node;
    private readonly LastGoodState lastGood;
    private readonly CertificateMetrics certificates;
    private readonly CancellationTokenSource stopping = new();
    private IReadOnlyList<EnrolledState> served = [];
    private Task running = Task.CompletedTask;

    public ManagedConfig(MeshdOptions options, EpollLoop loop, ResourceCache cache, MetricRegistry metrics, Log log, TimeProvider time)
    {
        this.loop = loop;
        ControlLog control = log.Control;
        var store = new FileStateStore(options.StateDirectory);
        var keys = new EcdsaKeyFactory();
        var random = new Random();
        var (host, port) = ControllerConnector.ParseUrl(options.Controller!.ToString());
        var connector = new ControllerConnector(host, port, loop, new EpollSocketFactory(), ResolveAsync, OpenSslContexts.ForController);
        var config = NodeConfig(options, host);
        node = new NodeIdentity(config, store, keys, connector, time, random, control);
        Reporter = new WorkloadReporter(control);
        Link = new ControllerLink(node, connector, [new ConfigClient(config, cache, control), Reporter], time, random, control);
        Identities = new IdentityManager(loop, new ControllerSigner(keys, Link, time), OpenSslContexts.Create, store, time, random, control);
        lastGood = new LastGoodState(cache, store, time, control);
        certificates = new CertificateMetrics(metrics, Identities);
        // Not before: the controller signs only for workloads that it has heard of.
        Reporter.Acknowledged += KeepIdentities;
        Link.RootsChanged += roots => _ = Identities.TrustAsync(roots);
    }

    public ControllerLink Link { get; }
    public IdentityManager Identities { get; }
    public WorkloadReporter Reporter { get; }

    /// <summary>Of the node's certificate, once there is one.</summary>
    public string TrustDomain => node.Current is { } held && TrustDomainOf(held.Uri) is { } domain ? domain : DefaultTrustDomain;

    /// <summary>Takes up what is on disk and starts keeping the connection.</summary>
    /// <returns>Whether there was a last good configuration.</returns>
    public async Task<bool> StartAsync()
    {
        bool loaded = false;
        await loop.RunAsync(async () =>
        {
            await Identities.LoadAsync();
            loaded = await lastGood.LoadAsync();
            running = Link.RunAsync(stopping.Token);
        });
        return loaded;
    }

    /// <summary>The workloads served now: what is reported, and whose identities are kept.</summary>
    public void SetWorkloads(IReadOnlyList<EnrolledState> workloads) => loop.Post(_ =>
    {
        served = workloads;
        Reporter.Set(workloads);
    }, null);

    /// <summary>Ends only with the fault that ended the connection keeper: a broken invariant.</summary>
    public Task Failed => running;

    private void KeepIdentities()
    {
        var identities = served.Select(w => new SpiffeId(TrustDomain, w.Workload.Namespace, w.Workload.ServiceAccount)).ToHashSet();
        _ = Identities.SetIdentitiesAsync(identities);
        certificates.Show(identities);
    }

    public Task StopAsync() => loop.RunAsync(async () =>
    {
        await stopping.CancelAsync();
        await lastGood.FlushAsync();
    });

    private static NodeIdentityConfig NodeConfig(MeshdOptions options, string controllerHost) => new()
    {
        Node = options.Node,
        Addresses = MachineAddresses.Towards(controllerHost),
        Version = ProductVersion.Text,
        JoinRoots = options.CaFile is { } file ? ReadCertificates(file) : [],
        ReadJoinToken = () => options.JoinTokenFile is { } token && File.Exists(token) ? File.ReadAllText(token).Trim() : null,
    };

    /// <exception cref="ConfigurationException">Not a file with PEM certificates.</exception>
    private static IReadOnlyList<byte[]> ReadCertificates(string file)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            if (certificates.Count == 0) throw new ConfigurationException($"trust.caFile {file} holds no PEM certificate");
            return [.. certificates.Select(static certificate => certificate.RawData)];
        }
        catch (Exception error) when (error is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"trust.caFile {file} cannot be read: {error.Message}");
        }
    }

    private static async Task<IReadOnlyList<Ip>> ResolveAsync(string host)
    {
        try
        {
            return [.. (await Dns.GetHostAddressesAsync(host)).Select(Ip.From)];
        }
        catch (System.Net.Sockets.SocketException error)
        {
            throw new IOException($"the name '{host}' cannot be resolved: {error.Message}", error);
        }
    }

    private static string? TrustDomainOf(string uri)
    {
        const string scheme = "spiffe://";
        int slash = uri.StartsWith(scheme, StringComparison.Ordinal) ? uri.IndexOf('/', scheme.Length) : -1;
        return slash > 0 ? uri[scheme.Length..slash] : null;
    }
}

/// <summary>Something in the configuration keeps the daemon from starting; the message says what to change.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
