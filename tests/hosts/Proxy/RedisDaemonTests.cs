using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Proxy;

/// <summary>The daemon itself, standalone, in front of a real server whose port is declared as Redis.</summary>
public sealed class RedisDaemonTests
{
    private const string Resources = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
          listeners: [ { name: main, port: 7000, protocol: TCP } ]
        ---
        apiVersion: gateway.networking.k8s.io/v1alpha2
        kind: TCPRoute
        metadata: { name: cache, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules: [ { backendRefs: [ { name: cache, port: 1 } ] } ]

        """;

    [Fact]
    public async Task Commands_through_the_daemon_are_shown_by_its_metrics()
    {
        await using var edge = await Edge.CreateAsync();
        edge.Start("redis", ["redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--dir", edge.Folder]);
        await edge.StartAsync(Resources + Edge.Service("cache", 6379, protocol: "redis"));
        await Until.TrueAsync("redis answers through the daemon", TimeSpan.FromSeconds(20),
            async () => (await edge.Space.RunAsync("redis-cli -p 7000 ping")).Output.Trim() == "PONG", () => edge.Daemon.LogTail());
        await edge.Space.MustAsync("redis-cli -p 7000 set k v");
        await edge.Space.MustAsync("redis-cli -3 -p 7000 get k");
        await edge.Space.RunAsync("redis-cli -p 7000 incr k");
        string text = await edge.MetricsAsync();
        Assert.Matches("(?m)^mesh_redis_commands_total{[^}]*destination_workload=\"cache-1\"[^}]*request_protocol=\"redis\"[^}]*command=\"set\",result=\"ok\"} 1$", text);
        Assert.Matches("(?m)^mesh_redis_commands_total{[^}]*command=\"incr\",result=\"error\"} 1$", text);
        Assert.Matches("(?m)^mesh_redis_command_duration_seconds_count{[^}]*command=\"get\"} 1$", text);
        var lint = await edge.Space.RunAsync(["promtool", "check", "metrics"], input: text);
        Assert.True(lint.Ok, lint.ToString());
    }
}
