using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Proxy;

/// <summary>The daemon itself, standalone, in front of a real server whose port is declared as Redis by its name.</summary>
public sealed class RedisDaemonTests
{
    [Fact]
    public async Task Commands_through_the_daemon_are_shown_by_its_metrics()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-redis-daemon-");
        int server = RedisProxy.FreePort(), gateway = RedisProxy.FreePort(), metrics = RedisProxy.FreePort();
        await using var redis = Start("redis", "redis-server", "--port", $"{server}", "--bind", "127.0.0.1", "--save", "", "--dir", folder.FullName);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "meshd.yaml"), Configuration(folder.FullName, metrics));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "resources.yaml"), Resources(server, gateway));
        await using (var daemon = Start("meshd", Path.Combine(Repository.Programs, "meshd"), "--config", Path.Combine(folder.FullName, "meshd.yaml")))
        {
            await Until.TrueAsync("redis answers through the daemon", TimeSpan.FromSeconds(20),
                async () => (await Shell.RunAsync($"redis-cli -p {gateway} ping")).Output.Trim() == "PONG", () => daemon.LogTail());
            await Shell.MustAsync($"redis-cli -p {gateway} set k v");
            await Shell.MustAsync($"redis-cli -3 -p {gateway} get k");
            await Shell.RunAsync($"redis-cli -p {gateway} incr k");
            string text = await Shell.MustAsync($"curl -fsS http://127.0.0.1:{metrics}/metrics");
            Assert.Matches("(?m)^mesh_redis_commands_total{[^}]*destination_workload=\"cache-1\"[^}]*request_protocol=\"redis\"[^}]*command=\"set\",result=\"ok\"} 1$", text);
            Assert.Matches("(?m)^mesh_redis_commands_total{[^}]*command=\"incr\",result=\"error\"} 1$", text);
            Assert.Matches("(?m)^mesh_redis_command_duration_seconds_count{[^}]*command=\"get\"} 1$", text);
            var lint = await Shell.RunAsync(["sh", "-c", $"curl -fsS http://127.0.0.1:{metrics}/metrics | promtool check metrics"]);
            Assert.True(lint.Ok, lint.ToString());
        }
        await redis.KillAsync();
        folder.Delete(recursive: true);

        Background Start(string name, params string[] command) => Background.Start(name, Path.Combine(folder.FullName, $"{name}.log"), command);
    }

    private static string Configuration(string folder, int metrics) => $$"""
        node: test
        workers: 1
        resources: [ {{folder}}/resources.yaml ]
        stateDirectory: {{folder}}/state
        nodeSocket: {{folder}}/node.sock
        admin: 127.0.0.1:{{RedisProxy.FreePort()}}
        metrics: 127.0.0.1:{{metrics}}
        readiness: 127.0.0.1:{{RedisProxy.FreePort()}}
        log: { level: warning, format: text }

        """;

    private static string Resources(int server, int gateway) => $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
          listeners: [ { name: main, port: {{gateway}}, protocol: TCP } ]
        ---
        apiVersion: gateway.networking.k8s.io/v1alpha2
        kind: TCPRoute
        metadata: { name: cache, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules: [ { backendRefs: [ { name: cache, port: 6379 } ] } ]
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: cache, namespace: default }
        spec: { selector: { app: cache }, ports: [ { name: redis, port: 6379, targetPort: {{server}} } ] }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: cache-1, namespace: default, labels: { app: cache } }
        spec: { addresses: [ 127.0.0.1 ], serviceAccount: cache, tunnel: None }

        """;
}
