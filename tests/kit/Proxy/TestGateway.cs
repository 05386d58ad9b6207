using System.Net;
using Google.Protobuf;
using Mesh.Control.Translation;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Gateways;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Reporting;
using AppProtocol = Mesh.Protocol.Config.AppProtocol;

namespace Mesh.Kit.Proxy;

/// <summary>A gateway on a real loop between raw peers that live on a loop of their own.
/// <code>
/// await using var gateway = new TestGateway();
/// var app = gateway.App();                    // a backend played by the test
/// gateway.Route("/", app.Address).Start();
/// await gateway.RunAsync(async () => { … });  // on the peers' loop
/// </code>
/// Its end fails the test when a buffer is still out or an exception has escaped.</summary>
public sealed class TestGateway : IAsyncDisposable
{
    /// <summary>The server name that <see cref="StartFor"/> routes.</summary>
    public const string TlsName = "any.example";

    private const int Port = 1;

    private readonly Loopback proxy = new();
    private readonly Loopback peers = new();
    private readonly RecordingSockets sockets;
    private readonly SnapshotHolder snapshots = new();
    private readonly ProxyContext context;
    private readonly GatewayHost host;
    private readonly List<IMessage> resources = [];
    private readonly List<PeerServer> servers = [];
    private readonly List<Peer> clients = [];
    private readonly List<string> problems = [];
    private readonly HttpRoute route = new() { Namespace = "test", Name = "route", Parents = { new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = "test/gw" } } };
    private int names;

    /// <param name="reporter">Instead of <see cref="Traffic"/>.</param>
    public TestGateway(ProxyOptions? options = null, ITrafficReporter? reporter = null)
    {
        sockets = new RecordingSockets(proxy.Sockets);
        context = new ProxyContext(options ?? new ProxyOptions(), proxy.Loops, snapshots, new NoIdentities(), sockets, reporter ?? Traffic, new Random(1));
        host = new GatewayHost(context, problems.Add);
    }

    public TrafficRecorder Traffic { get; } = new();

    /// <summary>Sockets that were opened to listen.</summary>
    public int Listeners => sockets.Listeners;

    /// <summary>Where the listener that was opened last is.</summary>
    public IpPort Address => sockets.Opened;

    /// <summary>A backend that the test plays.</summary>
    public PeerServer App()
    {
        var server = new PeerServer(peers.Sockets, peers.Loop, new IpPort(Ip.LoopbackV4, 0));
        servers.Add(server);
        return server;
    }

    /// <summary>An address that refuses connections.</summary>
    public IpPort DeadAddress()
    {
        using var server = new PeerServer(peers.Sockets, peers.Loop, new IpPort(Ip.LoopbackV4, 0));
        return server.Address;
    }

    public TestGateway Route(string prefix, params IpPort[] endpoints) => Route(prefix, static _ => { }, endpoints);

    /// <summary>A service with these endpoints, and a rule that sends the prefix to it.</summary>
    public TestGateway Route(string prefix, Action<HttpRule> edit, params IpPort[] endpoints) => Route(prefix, AppProtocol.UnknownProtocol, edit, endpoints);

    /// <param name="protocol">Of the service's port.</param>
    public TestGateway Route(string prefix, AppProtocol protocol, Action<HttpRule> edit, params IpPort[] endpoints)
    {
        var rule = new HttpRule
        {
            Matches = { new HttpMatch { Path = new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = prefix } } },
            Backends = { new Backend { Service = AddService(protocol, endpoints), Port = Port, Weight = 1 } },
        };
        edit(rule);
        route.Rules.Add(rule);
        return this;
    }

    /// <summary>Any other resource, before the start.</summary>
    public TestGateway With(IMessage resource)
    {
        resources.Add(resource);
        return this;
    }

    /// <summary>A TLSRoute to a service with these endpoints.</summary>
    public TestGateway TlsRoute(string[] hosts, IpPort[] endpoints, string listener = "", Action<TlsRoute>? edit = null)
    {
        var tls = new TlsRoute
        {
            Namespace = "test",
            Name = $"tls{names}",
            Parents = { new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = "test/gw", Section = listener } },
            Hostnames = { hosts },
            Backends = { new Backend { Service = AddService(endpoints), Port = Port, Weight = 1 } },
        };
        edit?.Invoke(tls);
        return With(tls);
    }

    /// <summary>A GRPCRoute whose rules send to services with these endpoints.</summary>
    public TestGateway GrpcRoute(params (GrpcMatch Match, IpPort Endpoint)[] rules)
    {
        var calls = new GrpcRoute { Namespace = "test", Name = $"grpc{names}", Parents = { new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = "test/gw" } } };
        foreach (var (match, endpoint) in rules)
            calls.Rules.Add(new GrpcRule { Matches = { match }, Backends = { new Backend { Service = AddService(AppProtocol.Grpc, endpoint), Port = Port, Weight = 1 } } });
        return With(calls);
    }

    /// <summary>A service with these endpoints.</summary>
    /// <returns>Its key.</returns>
    public string AddService(params IpPort[] endpoints) => AddService(AppProtocol.UnknownProtocol, endpoints);

    /// <inheritdoc cref="AddService(IpPort[])"/>
    public string AddService(AppProtocol protocol, params IpPort[] endpoints)
    {
        string name = $"s{names++}";
        resources.Add(new Service { Namespace = "test", Name = name, Ports = { new ServicePort { Name = "p", Port = Port, AppProtocol = protocol } } });
        for (int i = 0; i < endpoints.Length; i++)
        {
            resources.Add(new Workload
            {
                Namespace = "test",
                Name = $"{name}-{i}",
                ServiceAccount = "app",
                Weight = 1,
                Tunnel = Tunnel.None,
                Addresses = { ByteString.CopyFrom(endpoints[i].Address.ToBytes()) },
                Services = { [$"test/{name}"] = new ServicePorts { Ports = { new PortMapping { ServicePort = Port, TargetPort = endpoints[i].Port } } } },
            });
        }
        return $"test/{name}";
    }

    /// <summary>One port of TLS with a listener for each host; the empty host is every host. Their names are their hosts.</summary>
    public void StartTls(params string[] hosts) => Start([.. hosts.Select(static host =>
        new GatewayListener { Name = host.Length > 0 ? host : "every", Protocol = GatewayListener.Types.Protocol.Tls, Hostname = host })]);

    /// <summary>One port of HTTP with a listener for each host; the empty host is every host. Their names are their hosts.</summary>
    public void StartHttp(string[] hosts, params HttpRoute[] routes)
    {
        resources.AddRange(routes);
        Start([.. hosts.Select(static host => new GatewayListener { Name = host.Length > 0 ? host : "every", Hostname = host })]);
    }

    /// <summary>A route of one listener, to a service with this endpoint.</summary>
    public HttpRoute RouteOf(string listener, IpPort endpoint, params string[] hosts) => new()
    {
        Namespace = "test",
        Name = $"route{names}",
        Parents = { new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = "test/gw", Section = listener } },
        Hostnames = { hosts },
        Rules = { new HttpRule { Matches = { new HttpMatch() }, Backends = { new Backend { Service = AddService(endpoint), Port = Port, Weight = 1 } } } },
    };

    public void Start() => Start(GatewayListener.Types.Protocol.Http, route);

    /// <summary>The listener and the route for an application that is declared so: of TLS by <see cref="TlsName"/>.</summary>
    public void StartFor(TestMachines.Wire wire, IpPort app)
    {
        if (wire == TestMachines.Wire.Tls) TlsRoute([TlsName], [app]).StartTls("");
        else if (wire is TestMachines.Wire.Tcp or TestMachines.Wire.Redis) StartTcp(TestMachines.Declared(wire), app);
        else Route("/", TestMachines.Declared(wire), static _ => { }, app).Start();
    }

    public void StartTcp(params IpPort[] endpoints) => StartTcp(AppProtocol.UnknownProtocol, endpoints);

    /// <param name="protocol">Of the service's port.</param>
    public void StartTcp(AppProtocol protocol, params IpPort[] endpoints) => Start(GatewayListener.Types.Protocol.Tcp, new TcpRoute
    {
        Namespace = "test",
        Name = "tcp",
        Parents = { new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = "test/gw" } },
        Backends = { new Backend { Service = AddService(protocol, endpoints), Port = Port, Weight = 1 } },
    });

    /// <summary>The test's own work, on the peers' loop; half a minute at most.</summary>
    public Task RunAsync(Func<Task> work) => peers.RunAsync(work);

    public async Task<Peer> ConnectAsync()
    {
        var peer = new Peer(await peers.ConnectAsync(sockets.Opened));
        clients.Add(peer);
        return peer;
    }

    /// <summary>As at the end of the daemon: no new connections, and those that are open are asked to end.</summary>
    /// <returns>Connections that were still open after the bound.</returns>
    public Task<int> DrainAsync(TimeSpan bound)
    {
        host.Dispose();
        return context.DrainAsync(bound, TimeProvider.System);
    }

    public Task<TrafficRecord> RecordAsync(int number = 0) => UntilAsync(() => Traffic.Records.ElementAtOrDefault(number), $"record {number}");

    /// <summary>Bytes that the proxy's loop has allocated so far. Asking allocates as well, always the same.</summary>
    public Task<long> AllocatedBytesAsync()
    {
        var answer = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Loop.Post(static state => ((TaskCompletionSource<long>)state!).SetResult(GC.GetAllocatedBytesForCurrentThread()), answer);
        return answer.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync(async () =>
        {
            foreach (var client in clients) await client.DisposeAsync();
        });
        await UntilAsync(() => proxy.Loop.Buffers.Outstanding == 0 ? "" : null, "every buffer to be given back");
        host.Dispose();
        foreach (var server in servers) server.Dispose();
        var escaped = proxy.Escaped.Concat(peers.Escaped).ToList();
        proxy.Dispose();
        peers.Dispose();
        if (escaped.Count > 0 || problems.Count > 0) throw new AggregateException(string.Join("; ", problems), escaped);
    }

    private void Start(GatewayListener.Types.Protocol protocol, IMessage routeResource)
    {
        resources.Add(routeResource);
        Start([new GatewayListener { Name = "l", Protocol = protocol }]);
    }

    private void Start(GatewayListener[] listeners)
    {
        resources.Add(new Gateway { Namespace = "test", Name = "gw", Addresses = { ByteString.CopyFrom(IPAddress.Loopback.GetAddressBytes()) }, Listeners = { listeners } });
        snapshots.Publish(new SnapshotTranslator(1, new Random(1)).Apply([.. resources.Select(ConfigChanges.Of)], "cluster.local"));
        host.Apply(snapshots.Current);
    }

    private static async Task<T> UntilAsync<T>(Func<T?> get, string what)
        where T : class
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (true)
        {
            if (get() is { } value) return value;
            if (bound.IsCancellationRequested) throw new TimeoutException($"waited ten seconds for {what}");
            await timer.WaitForNextTickAsync();
        }
    }

    private sealed class NoIdentities : IIdentitySource
    {
        public ValueTask<TlsContext> GetAsync(SpiffeId identity) => throw new IdentityUnavailableException("there are no identities here");
    }

    /// <summary>Remembers which port was opened for port zero.</summary>
    private sealed class RecordingSockets(SocketFactory inner) : SocketFactory
    {
        public IpPort Opened { get; private set; }

        public int Listeners { get; private set; }

        public override Listener Listen(IpPort address, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted)
        {
            var listener = inner.Listen(address, loops, options, accepted);
            Opened = listener.Address;
            Listeners++;
            return listener;
        }

        public override ValueTask<Connection> ConnectAsync(Loop loop, IpPort remote, ConnectOptions options) => inner.ConnectAsync(loop, remote, options);

        public override DatagramSocket Bind(IpPort address, Loop loop, DatagramReceived received, int mark = 0, IpPort? peer = null) =>
            inner.Bind(address, loop, received, mark, peer);
    }
}
