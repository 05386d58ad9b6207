using Mesh.Capture.Namespaces;
using Mesh.Io;
using Mesh.Io.Epoll;
using Mesh.Kit.Control;
using Mesh.Kit.Machines;
using Mesh.Kit.Namespaces;
using Mesh.Netfilter;
using Mesh.Proxy.Dns;
using Mesh.Telemetry.Metrics;

namespace Mesh.Tests.Hosts.Capture;

/// <summary>A captured workload with real resolvers behind: unbound, which it had before, and dnsmasq.</summary>
public sealed class ResolverLab : IAsyncLifetime
{
    internal const string Unbound = "10.94.0.1", Dnsmasq = "10.94.0.3", Nobody = "10.94.0.4";

    /// <summary>Which the workload believes to ask; nobody listens there.</summary>
    private const string Elsewhere = "9.9.9.9";

    private const int Many = 60;

    private readonly string folder = Directory.CreateTempSubdirectory("mesh-resolver-").FullName;
    private readonly TestNamespace outside = new("res-out");
    private readonly TestNamespace workload = new("res-wl");
    private readonly EpollLoop loop = new("res-test", 0, TimeProvider.System, static _ => { });
    private readonly MetricRegistry registry = new(1);
    private readonly List<Background> resolvers = [];
    private readonly DnsServer server;

    public ResolverLab()
    {
        workload.Link(outside, "veth0", ["10.94.0.2/24", "fd94::2/64"], [$"{Unbound}/24", "fd94::1/64"]);
        foreach (string more in (string[])[Dnsmasq, Nobody, Elsewhere]) outside.Run("ip", "address", "add", $"{more}/32", "dev", "veth0");
        using (workload.Network.Enter()) NamespaceRules.Apply(CaptureOptions.Default);
        var options = new DnsOptions { Resolvers = [IpPort.Parse($"{Unbound}:53")], SearchDomains = ["shop.mesh", "mesh", "example.com"] };
        var metrics = new DnsMetrics(registry.Shard(0), "client", "shop");
        server = DnsServer.Start(options, new NamespaceSocketFactory(workload.Network), loop, NamedMesh.Make(), metrics, new Random(1));
    }

    public async Task InitializeAsync()
    {
        string config = Path.Combine(folder, "unbound.conf");
        await File.WriteAllTextAsync(config, UnboundConfig());
        Start("unbound", "unbound", "-d", "-p", "-c", config);
        Start("dnsmasq", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", $"--listen-address={Dnsmasq}",
            "--except-interface=lo", "--host-record=www.example.com,198.51.100.3", "--local-ttl=60", "--user=root", "--pid-file=");
        foreach (string address in (string[])[Unbound, Dnsmasq])
            await Until.TrueAsync($"{address} answers", TimeSpan.FromSeconds(5), async () => (await DigAsync(outside, $"@{address} www.example.com +short +timeout=1 +tries=1")).Ok);
    }

    internal string Folder => folder;

    internal TestNamespace Workload => workload;

    internal MetricShard Metrics => registry.Shard(0);

    internal Task<ShellResult> DigAsync(string arguments) => DigAsync(workload, arguments);

    private static Task<ShellResult> DigAsync(TestNamespace space, string arguments) =>
        Shell.RunAsync(["nsenter", $"--net={space.Path}", "dig", "+nocookie", .. arguments.Split(' ')]);

    private void Start(string name, params string[] command) =>
        resolvers.Add(Background.Start(name, Path.Combine(folder, name + ".log"), ["nsenter", $"--net={outside.Path}", .. command]));

    private static string UnboundConfig() => $$"""
        server:
          interface: {{Unbound}}
          interface: fd94::1
          do-daemonize: no
          chroot: ""
          username: ""
          pidfile: ""
          use-syslog: no
          access-control: 0.0.0.0/0 allow
          access-control: ::/0 allow
          module-config: "iterator"
          local-zone: "example.com." static
          local-data: "example.com. 300 IN SOA ns.example.com. h.example.com. 1 3600 600 86400 60"
          local-data: "www.example.com. 300 IN A 192.0.2.1"
          local-data: "once.example.com. 300 IN A 192.0.2.2"
          local-data: "www.example.com. 300 IN AAAA 2001:db8::1"
          {{string.Join("\n  ", Enumerable.Range(1, Many).Select(static i => $"local-data: \"big.example.com. 300 IN A 192.0.2.{i}\""))}}
        """;

    public async Task DisposeAsync()
    {
        foreach (var resolver in resolvers) await resolver.DisposeAsync();
        server.Dispose();
        loop.Dispose();
        workload.Dispose();
        outside.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
