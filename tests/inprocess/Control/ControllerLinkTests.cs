using System.Net;
using Mesh.Control.Config;
using Mesh.Control.Identity;
using Mesh.Control.Keys;
using Mesh.Control.Link;
using Mesh.Control.State;
using Mesh.Control.Workloads;
using Mesh.Controller.Distribution;
using Mesh.Controller.Identity;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Protocol.Grpc;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Workloads;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.Tests.InProcess.Control;

/// <summary>The real node side (epoll, OpenSSL, HTTP/2, files) against the real controller side (Kestrel) on loopback.</summary>
public sealed class ControllerLinkTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("mesh-link-").FullName;
    private readonly Loopback loopback = new();
    private readonly TestGraph graph = new();
    private readonly TestRegistry registry = new();
    private readonly MemorySecretStore secrets = new();
    private readonly CancellationTokenSource stop = new();

    [Fact]
    public async Task Node_joins_with_a_token_and_follows_changes()
    {
        await using var controller = await StartControllerAsync();
        graph.Set(new Service { Namespace = "shop", Name = "catalog" });
        var node = await StartNodeAsync(controller, controller.Tokens.Create(TimeSpan.FromMinutes(5), "node-a"));

        await UntilAsync(() => node.Cache.IsComplete && node.Cache.All<Service>().Any());
        graph.Set(new Service { Namespace = "shop", Name = "cart" });
        await UntilAsync(() => node.Cache.All<Service>().Count() == 2);
        graph.Remove<Service>("shop/catalog");
        await UntilAsync(() => node.Cache.All<Service>().Select(static service => service.Name).SequenceEqual(["cart"]));
        // The node applies first and acknowledges then.
        await UntilAsync(() => registry.Nodes["node-a"] is { Connected: true } known && known.ConfigVersion == controller.Services.ConfigVersion);
    }

    [Fact]
    public async Task Change_reaches_the_node_within_a_hundred_milliseconds()
    {
        await using var controller = await StartControllerAsync();
        var node = await StartNodeAsync(controller, controller.Tokens.Create(TimeSpan.FromMinutes(5)));
        await UntilAsync(() => node.Cache.IsComplete);

        var delays = new List<TimeSpan>();
        for (int i = 0; i < 20; i++)
        {
            string name = $"service-{i}";
            long begin = TimeProvider.System.GetTimestamp();
            graph.Set(new Service { Namespace = "shop", Name = name });
            await UntilAsync(() => node.Cache.OfType("type.mesh.internal/mesh.config.v1.Service").ContainsKey("shop/" + name));
            delays.Add(TimeProvider.System.GetElapsedTime(begin));
        }

        Assert.True(delays.Order().ElementAt(10) < TimeSpan.FromMilliseconds(100), $"median {delays.Order().ElementAt(10).TotalMilliseconds} ms");
    }

    [Fact]
    public async Task Workload_certificate_is_issued_for_what_was_reported_and_refused_for_anything_else()
    {
        await using var controller = await StartControllerAsync();
        var node = await StartNodeAsync(controller, controller.Tokens.Create(TimeSpan.FromMinutes(5)));
        await UntilAsync(() => node.Link.IsConnected);
        await loopback.RunAsync(() =>
        {
            node.Reporter.Set([new EnrolledState(new LocalWorkload("shop", "web-1", "web", [Ip.Parse("10.1.0.5")], new Dictionary<string, string>()), true)]);
            return Task.CompletedTask;
        });
        await UntilAsync(() => node.Reporter.IsReported);

        using var context = await node.Identities.GetAsync(new SpiffeId("mesh.test", "shop", "web")).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.InRange(context.NotAfter - DateTimeOffset.UtcNow, TimeSpan.FromHours(23), TimeSpan.FromHours(25));

        var refused = await Assert.ThrowsAsync<IdentityUnavailableException>(
            () => node.Identities.GetAsync(new SpiffeId("mesh.test", "shop", "admin")).AsTask());
        Assert.Contains("no workload with service account 'shop/admin' is known to run on node 'node-a'", refused.Message);
    }

    [Fact]
    public async Task Controller_that_restarts_finds_its_node_again_without_a_token()
    {
        int port;
        RunningNode node;
        await using (var controller = await StartControllerAsync())
        {
            port = controller.Server.Address.Port;
            graph.Set(new Service { Namespace = "shop", Name = "catalog" });
            node = await StartNodeAsync(controller, controller.Tokens.Create(TimeSpan.FromMinutes(5)));
            await UntilAsync(() => node.Cache.IsComplete);
        }
        await UntilAsync(() => !node.Link.IsConnected);
        Assert.Single(node.Cache.All<Service>());

        graph.Set(new Service { Namespace = "shop", Name = "cart" });
        await using var restarted = await StartControllerAsync(port);
        await UntilAsync(() => node.Cache.All<Service>().Count() == 2);
    }

    [Fact]
    public async Task Certificate_of_another_authority_is_refused()
    {
        await using var controller = await StartControllerAsync();
        using var foreign = CertificateAuthority.Create("mesh.test", new CertificateLifetimes(), TimeProvider.System);

        var held = Issue(foreign, controller.Authority.TrustRoots);

        await Assert.ThrowsAsync<GrpcException>(() => CallAsync(controller, held));
    }

    [Fact]
    public async Task Expired_certificate_is_refused()
    {
        await using var controller = await StartControllerAsync();
        var lastMonth = new ShiftedTime(TimeSpan.FromDays(-30));
        using var past = CertificateAuthority.Open(Config, lastMonth);

        var held = Issue(past, controller.Authority.TrustRoots);

        Assert.False(held.IsValid(DateTimeOffset.UtcNow));
        await Assert.ThrowsAsync<GrpcException>(() => CallAsync(controller, held));
    }

    [Fact]
    public async Task Call_without_certificate_is_told_to_join()
    {
        await using var controller = await StartControllerAsync();

        var error = await Assert.ThrowsAsync<GrpcException>(() => CallAsync(controller, null));

        Assert.Equal(GrpcStatusCode.Unauthenticated, error.Status.Code);
        Assert.Contains("join first", error.Status.Message);
    }

    [Fact]
    public async Task Controller_of_another_authority_is_not_trusted()
    {
        await using var controller = await StartControllerAsync();
        using var foreign = CertificateAuthority.Create("mesh.test", new CertificateLifetimes(), TimeProvider.System);

        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(() => RunOnLoopAsync(
            () => Connector(controller.Server.Address.Port).ConnectAsync(null, foreign.TrustRoots)));

        Assert.Equal(BreakKind.Tls, error.Kind);
    }

    [Fact]
    public async Task Reused_token_is_refused_with_the_reason()
    {
        await using var controller = await StartControllerAsync();
        string token = controller.Tokens.Create(TimeSpan.FromMinutes(5));
        var first = await StartNodeAsync(controller, token);
        await UntilAsync(() => first.Link.IsConnected);

        var second = await StartNodeAsync(controller, token, "node-b");

        await UntilAsync(() => second.Link.Problem is not null);
        Assert.Contains("was used already, last by node 'node-a'", second.Link.Problem);
    }

    public void Dispose()
    {
        stop.Cancel();
        loopback.Dispose();
        Directory.Delete(directory, recursive: true);
        Assert.Empty(loopback.Escaped);
    }

    private AuthorityConfig Config => new() { TrustDomain = "mesh.test", DataDirectory = Path.Combine(directory, "controller") };

    private async Task<RunningController> StartControllerAsync(int port = 0)
    {
        var authority = CertificateAuthority.Open(Config, TimeProvider.System);
        var tokens = new JoinTokens(secrets, TimeProvider.System);
        var services = new NodeServices(authority, tokens, graph, registry, TimeProvider.System, NullLogger.Instance);
        var certificates = new ServerCertificateSource(authority, ["localhost"], [IPAddress.Loopback], TimeProvider.System);
        var server = await NodeServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, port), certificates, authority, services, TimeProvider.System, NullLoggerFactory.Instance);
        return new RunningController(authority, tokens, services, server);
    }

    private ControllerConnector Connector(int port) => new(
        "127.0.0.1", (ushort)port, loopback.Loop, loopback.Sockets, static _ => throw new IOException("no names here"), OpenSslContexts.ForController);

    private async Task<RunningNode> StartNodeAsync(RunningController controller, string? token, string name = "node-a")
    {
        var config = new NodeIdentityConfig
        {
            Node = name,
            Addresses = [Ip.LoopbackV4],
            Version = "test",
            JoinRoots = controller.Authority.TrustRoots,
            ReadJoinToken = () => token,
        };
        var time = TimeProvider.System;
        var store = new FileStateStore(Path.Combine(directory, name));
        var connector = Connector(controller.Server.Address.Port);
        var keys = new EcdsaKeyFactory();
        var cache = new ResourceCache(static (_, _, _) => null);
        var reporter = new WorkloadReporter(static _ => { });
        var identity = new NodeIdentity(config, store, keys, connector, time, new Random(1), static _ => { });
        var link = new ControllerLink(identity, connector, [new ConfigClient(config, cache, static _ => { }), reporter], time, new Random(2), static _ => { });
        var identities = new IdentityManager(
            loopback.Loop, new ControllerSigner(keys, link, time), OpenSslContexts.Create, store, time, new Random(3), static _ => { });
        await loopback.RunAsync(() =>
        {
            _ = link.RunAsync(stop.Token);
            return Task.CompletedTask;
        });
        return new RunningNode(cache, link, reporter, identities);
    }

    private static HeldCertificate Issue(CertificateAuthority authority, IReadOnlyList<byte[]> roots)
    {
        var key = InlineKeyFactory.Create();
        var issued = authority.IssueNode("node-a", key.Request);
        return HeldCertificate.Create("spiffe://mesh.test/node/node-a", key.Pkcs8, issued.Chain, roots);
    }

    private Task CallAsync(RunningController controller, HeldCertificate? certificate) => RunOnLoopAsync(async () =>
    {
        await using var channel = await Connector(controller.Server.Address.Port).ConnectAsync(certificate, controller.Authority.TrustRoots);
        await GrpcClient.UnaryAsync(
            channel, GrpcMethods.TrustRoots, new Protocol.Identity.TrustRootsRequest(), TimeSpan.FromSeconds(10), TimeProvider.System);
    });

    private Task RunOnLoopAsync(Func<Task> work) => loopback.RunAsync(work);

    private async Task UntilAsync(Func<bool> condition)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        bool holds = false;
        while (!holds)
        {
            await loopback.RunAsync(() =>
            {
                holds = condition();
                return Task.CompletedTask;
            });
            bound.Token.ThrowIfCancellationRequested();
            if (!holds) await Task.Yield();
        }
    }

    private sealed record RunningNode(ResourceCache Cache, ControllerLink Link, WorkloadReporter Reporter, IdentityManager Identities);

    private sealed record RunningController(CertificateAuthority Authority, JoinTokens Tokens, NodeServices Services, NodeServer Server) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Services.Dispose();
            Authority.Dispose();
        }
    }

    private sealed class ShiftedTime(TimeSpan shift) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;
    }
}
