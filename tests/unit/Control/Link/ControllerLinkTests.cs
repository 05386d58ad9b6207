using Mesh.Control.Link;
using Mesh.Control.Workloads;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Protocol.Grpc;
using Mesh.Protocol.Identity;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Workloads;

namespace Mesh.Tests.Unit.Control.Link;

/// <summary>Node and controller logic together, over HTTP/2 in memory on virtual time.</summary>
public sealed class ControllerLinkTests
{
    private readonly TestLoop loop = new();
    private readonly TestController controller;

    public ControllerLinkTests() => controller = new TestController(loop);

    [Fact]
    public void Node_without_certificate_and_token_says_what_to_do()
    {
        var node = new TestNode(loop, controller).Start();
        loop.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("meshctl token create", node.Link.Problem);
        Assert.Equal(0, controller.ConnectionsMade);
    }

    [Fact]
    public void Joined_node_is_known_with_its_address_and_version()
    {
        Connect();
        loop.Advance(TimeSpan.FromSeconds(1));

        var report = controller.Registry.Nodes["node-a"];
        Assert.True(report.Connected);
        Assert.Equal("1.2.3", report.Version);
        Assert.Equal([Ip.Parse("10.0.0.1")], report.Addresses);
        Assert.Equal(controller.Services.ConfigVersion, report.ConfigVersion);
    }

    [Fact]
    public void Joined_node_starts_again_without_a_token()
    {
        var first = Connect();
        first.Stop();
        loop.Advance(TimeSpan.FromSeconds(1));

        var second = new TestNode(loop, controller, disk: first.Disk).Start();
        loop.Advance(TimeSpan.FromSeconds(1));
        Assert.True(second.Link.IsConnected);
    }

    [Fact]
    public void Change_is_applied_within_a_hundred_milliseconds()
    {
        var node = Connect();
        controller.Graph.Set(new Service { Namespace = "shop", Name = "catalog" });
        loop.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal("catalog", node.Cache.All<Service>().Single().Name);
    }

    [Fact]
    public void Restart_with_the_controller_away_serves_the_last_good_state()
    {
        controller.Graph.Set(new Service { Namespace = "shop", Name = "catalog" });
        var first = Connect();
        loop.Advance(TimeSpan.FromSeconds(5));
        controller.Stop();
        first.Stop();

        var second = new TestNode(loop, controller, disk: first.Disk).Start();
        loop.RunUntilIdle();

        Assert.True(second.Cache.IsComplete);
        Assert.Equal("catalog", second.Cache.All<Service>().Single().Name);
    }

    [Fact]
    public void Controller_that_comes_back_is_found_and_sends_the_difference()
    {
        controller.Graph.Set(new Service { Namespace = "shop", Name = "kept" }, new Service { Namespace = "shop", Name = "removed" });
        var node = Connect();
        var kept = node.Cache.OfType(ConfigTypes.UrlOf(Service.Descriptor))["shop/kept"];
        controller.Stop();
        loop.Advance(TimeSpan.FromMinutes(1));
        Assert.False(node.Link.IsConnected);

        controller.Graph.Remove<Service>("shop/removed");
        controller.Start();
        loop.Advance(ControllerLink.LongestWait + TimeSpan.FromSeconds(1));

        Assert.True(node.Link.IsConnected);
        Assert.Same(kept, Assert.Single(node.Cache.OfType(ConfigTypes.UrlOf(Service.Descriptor)).Values));
    }

    [Fact]
    public void Attempts_wait_longer_and_longer_up_to_the_bound()
    {
        var node = Connect();
        controller.Stop();
        loop.Advance(TimeSpan.FromMinutes(2));
        controller.Start();
        int before = controller.ConnectionsMade;
        loop.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(before, controller.ConnectionsMade);
        loop.Advance(ControllerLink.LongestWait);
        Assert.Equal(before + 1, controller.ConnectionsMade);
        Assert.True(node.Link.IsConnected);
    }

    [Fact]
    public void Resource_that_the_node_refuses_is_shown_at_the_controller_and_the_others_are_taken()
    {
        var node = new TestNode(
            loop, controller, token: Token(), check: static (_, _, message) => message is Service { Name: "odd" } ? "odd services are not supported" : null).Start();
        controller.Graph.Set(new Service { Namespace = "shop", Name = "odd" }, new Service { Namespace = "shop", Name = "even" });
        loop.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(["even"], node.Cache.All<Service>().Select(static service => service.Name));
        var rejected = Assert.Single(controller.Registry.Nodes["node-a"].Rejected!);
        Assert.Equal(("shop/odd", "odd services are not supported"), (rejected.Name, rejected.Reason));
        Assert.Equal(1, controller.Services.Nodes.RejectionCount);
        Assert.Equal(controller.Services.ConfigVersion, controller.Registry.Nodes["node-a"].ConfigVersion);
    }

    [Fact]
    public void Disconnected_node_is_shown_as_such_and_keeps_its_workloads()
    {
        var node = Connect();
        Report(node, "web-1", "web");
        loop.Advance(TimeSpan.FromSeconds(1));
        node.Stop();
        loop.Advance(TimeSpan.FromSeconds(1));

        Assert.False(controller.Registry.Nodes["node-a"].Connected);
        Assert.Equal("web-1", Assert.Single(controller.Registry.Workloads["node-a"]).Name);
    }

    [Fact]
    public void Reports_go_with_every_change_and_reconnect_and_problems_come_back()
    {
        var node = Connect();
        controller.Registry.Refused["shop/web-1"] = "namespace shop does not exist";
        Report(node, "web-1", "web");
        loop.Advance(TimeSpan.FromSeconds(1));
        Assert.True(node.Reporter.IsReported);
        Assert.Equal("namespace shop does not exist", node.Reporter.Problems["shop/web-1"]);

        controller.Registry.Workloads.Clear();
        controller.Stop();
        controller.Start();
        loop.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("web-1", Assert.Single(controller.Registry.Workloads["node-a"]).Name);
    }

    [Fact]
    public void Certificate_comes_for_a_reported_workload_and_not_for_another_nodes()
    {
        var node = Connect();
        Report(node, "web-1", "web");
        controller.Graph.Set(new Workload { Namespace = "shop", Name = "db-1", ServiceAccount = "db", Node = "node-b" });
        loop.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull(loop.Run(() => node.Identities.GetAsync(new SpiffeId("mesh.test", "shop", "web")).AsTask()));
        var error = Assert.Throws<IdentityUnavailableException>(
            () => loop.Run(() => node.Identities.GetAsync(new SpiffeId("mesh.test", "shop", "db")).AsTask()));
        Assert.Contains("PermissionDenied", error.Message);
        Assert.Contains("'shop/db' is known to run on node 'node-a'", error.Message);
    }

    [Fact]
    public void Workload_of_the_graph_gets_its_certificate_without_a_report()
    {
        var node = Connect();
        controller.Graph.Set(new Workload { Namespace = "shop", Name = "db-1", ServiceAccount = "db", Node = "node-a" });

        Assert.NotNull(loop.Run(() => node.Identities.GetAsync(new SpiffeId("mesh.test", "shop", "db")).AsTask()));
    }

    [Theory]
    [InlineData("spiffe://other.test/ns/shop/sa/web", GrpcStatusCode.PermissionDenied)]
    [InlineData("spiffe://mesh.test/node/node-b", GrpcStatusCode.InvalidArgument)]
    [InlineData("not an identity", GrpcStatusCode.InvalidArgument)]
    public void Identity_that_is_not_the_nodes_to_ask_for_is_refused(string identity, GrpcStatusCode expected)
    {
        var node = Connect();
        var request = new SignRequest { Identity = identity, Csr = Google.Protobuf.ByteString.CopyFrom(InlineKeyFactory.Create().Request) };

        var error = Assert.Throws<GrpcException>(() => loop.Run(async () => await GrpcClient.UnaryAsync(
            await node.Link.ConnectedAsync(), GrpcMethods.SignCertificate, request, TimeSpan.FromSeconds(5), loop.Time)));

        Assert.Equal(expected, error.Status.Code);
    }

    [Fact]
    public void Truncated_request_is_refused_as_such()
    {
        var node = Connect();
        Report(node, "web-1", "web");
        loop.Advance(TimeSpan.FromSeconds(1));
        byte[] request = InlineKeyFactory.Create().Request;
        var sign = new SignRequest { Identity = "spiffe://mesh.test/ns/shop/sa/web", Csr = Google.Protobuf.ByteString.CopyFrom(request.AsSpan(0, 50)) };

        var error = Assert.Throws<GrpcException>(() => loop.Run(async () => await GrpcClient.UnaryAsync(
            await node.Link.ConnectedAsync(), GrpcMethods.SignCertificate, sign, TimeSpan.FromSeconds(5), loop.Time)));

        Assert.Equal(GrpcStatusCode.InvalidArgument, error.Status.Code);
        Assert.Contains("truncated", error.Status.Message);
    }

    [Fact]
    public void Name_of_a_connected_node_cannot_be_taken_with_another_token()
    {
        Connect();
        var impostor = new TestNode(loop, controller, token: Token()).Start();
        loop.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("a node named 'node-a' is connected", impostor.Link.Problem);
    }

    [Fact]
    public void Node_certificate_is_renewed_over_the_connection()
    {
        var node = Connect();
        var first = node.Identity.Current!;
        loop.Advance(TimeSpan.FromDays(4));

        Assert.NotEqual(first.Chain[0], node.Identity.Current!.Chain[0]);
        Assert.True(node.Link.IsConnected);
    }

    [Fact]
    public void Method_that_does_not_exist_is_unimplemented()
    {
        var node = Connect();
        var method = GrpcMethods.TrustRoots with { Path = "/mesh.identity.v1.NodeService/Nothing" };

        var error = Assert.Throws<GrpcException>(() => loop.Run(async () => await GrpcClient.UnaryAsync(
            await node.Link.ConnectedAsync(), method, new TrustRootsRequest(), TimeSpan.FromSeconds(5), loop.Time)));

        Assert.Equal(GrpcStatusCode.Unimplemented, error.Status.Code);
    }

    private TestNode Connect()
    {
        var node = new TestNode(loop, controller, token: Token()).Start();
        loop.Advance(TimeSpan.FromMilliseconds(500));
        Assert.True(node.Link.IsConnected, $"{node.Story}\n{string.Join('\n', controller.Log)}");
        return node;
    }

    private string Token() => controller.Tokens.Create(TimeSpan.FromMinutes(5));

    private void Report(TestNode node, string name, string serviceAccount) => loop.Post(
        _ => node.Reporter.Set(
            [new EnrolledState(new LocalWorkload("shop", name, serviceAccount, [Ip.Parse("10.1.0.5")], new Dictionary<string, string>()), true)]),
        null);
}
