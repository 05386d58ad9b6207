using System.Net;
using System.Net.Sockets;
using Mesh.Control.Translation;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Kit.Machines;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Policy;
using Mesh.Proxy.Redis;
using Mesh.Proxy.Reporting;
using AccessRedis = Mesh.Protocol.Config.AccessRedis;

namespace Mesh.Tests.Hosts.Proxy;

/// <summary>A real redis-server behind the relay, on loopback.</summary>
internal sealed class RedisProxy : IAsyncDisposable
{
    private const string Workload = "shop/cart";

    private readonly Loopback loopback = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mesh-redis-");
    private readonly List<Background> programs = [];
    private readonly SnapshotHolder snapshots = new();

    private RedisProxy()
    {
    }

    public TrafficRecorder Traffic { get; } = new();

    /// <summary>For files of programs; removed at the end.</summary>
    public string Folder => folder.FullName;

    public int ServerPort { get; private init; }

    public int Port { get; private set; }

    public static async Task<RedisProxy> StartAsync(params AccessRedis[] denied)
    {
        var proxy = new RedisProxy { ServerPort = FreePort() };
        proxy.Publish(denied);
        proxy.Start("server", "redis-server", "--port", $"{proxy.ServerPort}", "--bind", "127.0.0.1", "--save", "", "--dir", proxy.folder.FullName, "--enable-debug-command", "local");
        await Until.TrueAsync("redis-server answers", TimeSpan.FromSeconds(10), async () => (await proxy.RunAsync("redis-cli", "-p", $"{proxy.ServerPort}", "ping")).Output.Trim() == "PONG");
        proxy.Listen();
        return proxy;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>redis-cli through the relay.</summary>
    public async Task<string> CliAsync(params string[] arguments) => (await RunAsync(["redis-cli", "-p", $"{Port}", .. arguments])).Must().Output.TrimEnd();

    /// <summary>Several commands on one connection, one a line.</summary>
    public async Task<string> ScriptAsync(string commands, params string[] options) =>
        (await Shell.RunAsync(["redis-cli", "-p", $"{Port}", .. options], commands)).Must().Output.TrimEnd();

    public Background Start(string name, params string[] command)
    {
        var program = Background.Start(name, Path.Combine(folder.FullName, $"{name}.log"), command);
        programs.Add(program);
        return program;
    }

    public Task<ShellResult> RunAsync(params string[] command) => Shell.RunAsync(command);

    public string FileOf(byte[] content)
    {
        string path = Path.Combine(folder.FullName, "content");
        File.WriteAllBytes(path, content);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var program in programs.AsEnumerable().Reverse()) await program.KillAsync();
        loopback.Dispose();
        folder.Delete(recursive: true);
        if (loopback.Escaped.Count > 0) throw new AggregateException(loopback.Escaped);
    }

    private void Publish(AccessRedis[] denied)
    {
        var policy = new AccessPolicy { Namespace = "shop", Name = "redis", Action = AccessPolicy.Types.Action.Deny, Targets = { new Target { Workload = Workload } } };
        foreach (var redis in denied) policy.Rules.Add(new Protocol.Config.AccessRule { To = { new Protocol.Config.AccessTo { Redis = redis } } });
        var workload = new Workload { Namespace = "shop", Name = "cart", ServiceAccount = "cart", Weight = 1 };
        snapshots.Publish(new SnapshotTranslator(1, new Random(1)).Apply([ConfigChanges.Of(workload), ConfigChanges.Of(policy)], "cluster.local"));
    }

    private void Listen()
    {
        var context = new ProxyContext(new ProxyOptions(), loopback.Loops, snapshots, new NoIdentities(), loopback.Sockets, Traffic, new Random(1));
        var client = new AccessQuestion(new SpiffeId("cluster.local", "shop", "web"), Ip.LoopbackV4, 6379, null, HttpPending: false);
        var parties = TrafficParties.FromSource(null, null, null, null, "redis");
        var server = new IpPort(Ip.LoopbackV4, (ushort)ServerPort);
        Port = loopback.Listen(async connection =>
        {
            await using var upstream = await loopback.ConnectAsync(server);
            await using (connection) await new RedisRelay(context, connection, upstream, parties, new RedisGate(context, Workload, client)).RunAsync();
        }).Port;
    }

    private sealed class NoIdentities : IIdentitySource
    {
        public ValueTask<TlsContext> GetAsync(SpiffeId identity) => throw new IdentityUnavailableException("there are no identities here");
    }
}
