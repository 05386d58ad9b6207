using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>What a gRPC call is besides a request: its deadline, the form of its errors, its status.</summary>
public sealed class GrpcTests
{
    private const string OneMessage = "\0\0\0\0\u0003abc";

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Deadline_is_passed_on_less_the_time_spent_and_enforced(string machine) => With(machine, async (machines, app, client) =>
    {
        var call = await Http2Peer.Client(client.Connection).RequestAsync(Call(("grpc-timeout", "2S")), OneMessage);
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        Assert.True(Grpc.TryParseTimeout(System.Text.Encoding.ASCII.GetBytes(Text(stream.Headers, "grpc-timeout")!), out var left));
        Assert.InRange(left, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        var answer = await call.ReadHeadersAsync();
        Assert.Equal(("200", "4"), (Text(answer, ":status"), Text(answer, "grpc-status")));
        Assert.StartsWith("DT ", Text(answer, "x-mesh-error"));
        await machines.PassAsync(TimeSpan.FromMilliseconds(50));
        Assert.Equal(ErrorCode.Cancel, stream.ResetCode);
        var record = await RecordAsync(machines);
        Assert.Equal((ResponseFlag.DT, 200, 4), (record.Flag, record.Status, record.Grpc?.Status));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Deadline_is_kept_while_the_application_that_was_dialled_says_nothing(string machine) => With(machine, async (machines, app, client) =>
    {
        var call = await Http2Peer.Client(client.Connection).RequestAsync(Call(("grpc-timeout", "300m")), OneMessage);
        await app.AcceptAsync();
        Assert.Equal("4", Text(await call.ReadHeadersAsync(), "grpc-status"));
        var record = await RecordAsync(machines);
        Assert.Equal((ResponseFlag.DT, 4), (record.Flag, record.Grpc?.Status));
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Deadline_that_passes_inside_the_response_ends_it_with_the_status(string machine) => With(machine, async (_, app, client) =>
    {
        var call = await Http2Peer.Client(client.Connection).RequestAsync(Call(("grpc-timeout", "500m")), OneMessage);
        var stream = await Http2Peer.Server((await app.AcceptAsync()).Connection).AcceptAsync();
        await stream.SendHeadersAsync(Response(200, ("content-type", "application/grpc")), endStream: false);
        await Http2Peer.SendAsync(stream, OneMessage);
        await call.ReadHeadersAsync();
        Assert.Equal(OneMessage, await Bodies.ReadTextAsync(call.Input));
        Assert.Equal("4", Text(call.Trailers!, "grpc-status"));
    });

    [Theory]
    [InlineData("a", "7")]
    [InlineData("b", "7")]
    public void Denied_call_is_told_so_in_terms_of_gRPC(string machine, string status) => With(machine, async (_, app, client) =>
    {
        var call = await Http2Peer.Client(client.Connection).RequestAsync(Call(), OneMessage);
        var answer = await call.ReadHeadersAsync();
        Assert.Equal(("200", "application/grpc", status), (Text(answer, ":status"), Text(answer, "content-type"), Text(answer, "grpc-status")));
        Assert.StartsWith("UAEX: denied by AccessPolicy shop/no-web", Text(answer, "grpc-message"));
        Assert.Empty(await Bodies.ReadAllAsync(call.Input));
        Assert.Equal(0, app.Count);
    }, new AccessPolicy
    {
        Namespace = "shop",
        Name = "no-web",
        Action = AccessPolicy.Types.Action.Deny,
        Targets = { new Target { Workload = "shop/cart" } },
        Rules = { new AccessRule { From = { new AccessFrom { ServiceAccounts = { "shop/web" } } } } },
    });

    [Fact]
    public void Application_that_is_away_is_UNAVAILABLE() => With("a", async (_, app, client) =>
    {
        app.Dispose();
        var call = await Http2Peer.Client(client.Connection).RequestAsync(Call(), OneMessage);
        Assert.Equal("14", Text(await call.ReadHeadersAsync(), "grpc-status"));
    });

    private static HeaderList Call(params (string Name, string Value)[] fields) =>
        Request("POST", "/test.Cart/Add", [("content-type", "application/grpc+proto"), ("te", "trailers"), .. fields]);

    private static async Task<TrafficRecord> RecordAsync(TestMachines machines)
    {
        for (int turns = 0; turns < 10_000; turns++)
        {
            if (machines.TrafficOf("a").Records.FirstOrDefault() is { } record) return record;
            await Task.Yield();
        }
        throw new TimeoutException("machine a has reported nothing");
    }

    private static void With(string machine, Func<TestMachines, PeerServer, Peer, Task> test, AccessPolicy? policy = null)
    {
        var machines = new TestMachines { Protocol = TestMachines.Wire.Grpc, Tunnel = Tunnel.Hbone };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1");
        if (policy is not null) machines.With(policy);
        machines.Start();
        machines.Run(async () => await test(machines, machines.Listen("cart"), await machines.ConnectAsync("web", TestMachines.Cart)));
    }
}
