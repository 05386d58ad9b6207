using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Balancing;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Policy;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.Unit.Proxy;

public sealed class BalancingTests
{
    private readonly Random random = new(5);

    public static TheoryData<string> Balancers => ["least", "round", "random"];

    [Theory]
    [MemberData(nameof(Balancers))]
    public void Endpoint_that_just_failed_is_not_chosen_while_there_is_another(string name)
    {
        var balancer = Create(name);
        foreach (int count in (int[])[2, 3, 7])
        {
            var endpoints = Endpoints(count);
            for (int i = 0; i < 1000; i++)
            {
                var failed = endpoints[i % count];
                Assert.NotSame(failed, balancer.Pick(endpoints, failed, 0, random));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Balancers))]
    public void Only_endpoint_is_chosen_even_if_it_failed(string name)
    {
        var endpoints = Endpoints(1);
        Assert.Same(endpoints[0], Create(name).Pick(endpoints, endpoints[0], 0, random));
    }

    [Fact]
    public void Round_robin_visits_every_endpoint_before_any_again()
    {
        var balancer = new RoundRobin(2, random);
        var endpoints = Endpoints(5);
        for (int round = 0; round < 3; round++)
            Assert.Equal(5, Enumerable.Range(0, 5).Select(_ => balancer.Pick(endpoints, null, 1, random)).Distinct().Count());
    }

    [Fact]
    public void Least_request_never_chooses_the_single_busiest()
    {
        var endpoints = Endpoints(4);
        for (int i = 0; i < 9; i++) endpoints[2].State.Begin(0);
        for (int i = 0; i < 1000; i++) Assert.NotSame(endpoints[2], new LeastRequest().Pick(endpoints, null, 0, random));
    }

    [Fact]
    public void Least_request_looks_at_its_own_loop_only()
    {
        var endpoints = Endpoints(2);
        endpoints[0].State.Begin(1);
        endpoints[1].State.Begin(0);
        for (int i = 0; i < 100; i++) Assert.Same(endpoints[0], new LeastRequest().Pick(endpoints, null, 0, random));
    }

    [Theory]
    [InlineData(ResponseFlag.NR, 404)]
    [InlineData(ResponseFlag.NC, 404)]
    [InlineData(ResponseFlag.UAEX, 403)]
    [InlineData(ResponseFlag.TLS, 403)]
    [InlineData(ResponseFlag.RL, 429)]
    [InlineData(ResponseFlag.UT, 504)]
    [InlineData(ResponseFlag.DT, 504)]
    [InlineData(ResponseFlag.DPE, 502)]
    [InlineData(ResponseFlag.CD, 500)]
    [InlineData(ResponseFlag.UH, 503)]
    [InlineData(ResponseFlag.UF, 503)]
    [InlineData(ResponseFlag.UC, 503)]
    [InlineData(ResponseFlag.ID, 503)]
    public void Failure_has_the_status_of_its_flag(ResponseFlag flag, int status) =>
        Assert.Equal(status, new Failure(flag, FailureSide.Mesh, FailureStage.Routing, "x").Status);

    [Theory]
    [InlineData("10.0.0.1:80", "10.0.0.1:80")]
    [InlineData("[fd00::1]:443", "[fd00::1]:443")]
    [InlineData("10.0.0.1", null)]
    [InlineData("10.0.0.1:", null)]
    [InlineData("10.0.0.1:65536", null)]
    [InlineData("10.0.0.1:-1", null)]
    [InlineData("10.0.0.1: 80", null)]
    [InlineData("10.1:80", null)]
    [InlineData("fd00::1:443", null)]
    [InlineData("[10.0.0.1]:80", null)]
    [InlineData("[fe80::1%eth0]:80", null)]
    [InlineData("name.test:80", null)]
    [InlineData(":80", null)]
    [InlineData("", null)]
    public void Address_and_port_are_read_strictly(string text, string? expected)
    {
        Assert.Equal(expected is not null, IpPort.TryParse(text, out var value));
        if (expected is not null) Assert.Equal(expected, value.ToString());
    }

    private LoadBalancer Create(string name) => name switch
    {
        "least" => new LeastRequest(),
        "round" => new RoundRobin(1, random),
        _ => new RandomChoice(),
    };

    private static EndpointModel[] Endpoints(int count) => [.. Enumerable.Range(0, count).Select(static i => new EndpointModel
    {
        Workload = Workload($"w-{i}"),
        Target = new IpPort(Ip.LoopbackV4, (ushort)(1000 + i)),
        Weight = 1,
        State = new EndpointState(2),
    })];

    private static WorkloadModel Workload(string name) => new()
    {
        Namespace = "shop",
        Name = name,
        Uid = $"shop/{name}",
        Identity = new SpiffeId("cluster.local", "shop", "default"),
        Addresses = [Ip.LoopbackV4],
        Node = "",
        Tunnel = TunnelKind.None,
        TunnelPort = 15008,
        Healthy = true,
        Policy = InboundPolicy.Default,
        Telemetry = TelemetryModel.Default,
        Ports = new Dictionary<int, InboundPort>(),
    };
}
