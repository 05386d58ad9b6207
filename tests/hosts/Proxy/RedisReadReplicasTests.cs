using System.Globalization;
using System.Text.RegularExpressions;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Proxy;

/// <summary>The daemon itself before a real primary and two real replicas. The servers' own statistics prove where commands went.</summary>
public sealed class RedisReadReplicasTests
{
    private const string Primary = "127.0.0.1", Replicas = """
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: cache-replicas, namespace: default }
        spec: { selector: { app: cache-replicas }, ports: [ { name: redis, port: 6379 } ] }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: replica-1, namespace: default, labels: { app: cache-replicas } }
        spec: { addresses: [ "127.0.0.2" ], serviceAccount: cache, tunnel: None }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: replica-2, namespace: default, labels: { app: cache-replicas } }
        spec: { addresses: [ "127.0.0.3" ], serviceAccount: cache, tunnel: None }
        ---
        apiVersion: mesh.internal/v1
        kind: TrafficPolicy
        metadata: { name: cache, namespace: default }
        spec:
          targetRefs: [ { kind: Service, name: cache } ]
          redis: { readReplicas: { service: cache-replicas, afterWrite: 0s } }

        """;

    private const string Gateway = """
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

    private static readonly string[] ReplicaAddresses = ["127.0.0.2", "127.0.0.3"];

    [Fact]
    public async Task Reads_are_carried_out_by_the_replicas_and_writes_by_the_primary()
    {
        const int requests = 20_000;
        await using var edge = await Edge.CreateAsync();
        await StartAsync(edge);
        var talk = await edge.Space.RunAsync(["redis-cli", "-3", "-p", "7000"], input: "SELECT 1\nSET k v\nWAIT 2 5000\nGET k\nGET k\nMULTI\nGET k\nEXEC\nSTRLEN k\nLPUSH k x\nLRANGE k 0 -1\nGET none\n");
        Assert.Equal(["OK", "OK", "2", "v", "v", "OK", "QUEUED", "v", "1"], talk.Must().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(9));
        Assert.Equal(2, talk.Output.Split("WRONGTYPE").Length - 1);
        await edge.Space.MustAsync($"redis-benchmark -p 7000 -t set,get -n {requests} -c 20 -P 10 -q");
        Assert.InRange(await CallsAsync(edge, Primary, "set"), requests + 1, requests + 1);
        int atPrimary = await CallsAsync(edge, Primary, "get"), first = await CallsAsync(edge, ReplicaAddresses[0], "get"), second = await CallsAsync(edge, ReplicaAddresses[1], "get");
        Assert.InRange(atPrimary, 1, requests / 10); // that of the transaction, and those of connections that were just opened
        Assert.InRange(Math.Min(first, second), requests / 5, requests);
        Assert.Equal(requests + 4, atPrimary + first + second);
        string metrics = await edge.MetricsAsync();
        Assert.Matches("(?m)^mesh_redis_commands_total{[^}]*destination_workload=\"replica-1\"[^}]*command=\"get\",result=\"ok\"} [0-9]{4}", metrics);
        Assert.Matches("(?m)^mesh_redis_commands_total{[^}]*destination_workload=\"cache-1\"[^}]*command=\"set\",result=\"ok\"} 20001$", metrics);
        Assert.Matches("(?m)^mesh_redis_read_replays_total{[^}]*reason=\"error\"} 1$", metrics);
        var lint = await edge.Space.RunAsync(["promtool", "check", "metrics"], input: metrics);
        Assert.True(lint.Ok, lint.ToString());
    }

    [Fact]
    public async Task Killed_replica_loses_no_answer_and_no_byte()
    {
        const int keys = 100, reads = 20_000;
        await using var edge = await Edge.CreateAsync();
        var replicas = await StartAsync(edge);
        (await edge.Space.RunAsync(["redis-cli", "-p", "7000"], input: string.Concat(Enumerable.Range(0, keys).Select(static i => $"SET k{i} value-{i}\n")) + "WAIT 2 5000\n")).Must();
        string script = string.Concat(Enumerable.Range(0, reads).Select(static i => $"GET k{i % keys}\n"));
        string expected = string.Concat(Enumerable.Range(0, reads).Select(static i => $"value-{i % keys}\n"));
        var readers = Enumerable.Range(0, 6).Select(_ => edge.Space.RunAsync(["redis-cli", "-p", "7000"], input: script)).ToList();
        var load = edge.Space.RunAsync("redis-benchmark -p 7000 -t get -n 300000 -c 20 -P 20 -q");
        await Until.TrueAsync("the replica is read", TimeSpan.FromSeconds(20), async () => await CallsAsync(edge, ReplicaAddresses[0], "get") > 5000);
        await replicas[0].KillAsync();
        foreach (var reader in readers) Assert.Equal(expected, (await reader).Must().Output);
        var done = await load;
        Assert.True(done.Ok && !done.ToString().Contains("rror", StringComparison.Ordinal), done.ToString());
        Assert.Matches("(?m)^mesh_redis_read_replays_total{[^}]*reason=\"closed\"} [1-9]", await edge.MetricsAsync());
        Assert.InRange(await CallsAsync(edge, ReplicaAddresses[1], "get"), 5000, int.MaxValue);
    }

    /// <returns>The replicas.</returns>
    private static async Task<Background[]> StartAsync(Edge edge)
    {
        edge.Start("primary", ["redis-server", "--port", "6379", "--bind", Primary, "--save", "", "--dir", edge.Folder, "--dbfilename", "primary.rdb", "--repl-diskless-sync-delay", "0"]);
        var replicas = ReplicaAddresses.Select((address, index) => edge.Start($"replica{index}",
            ["redis-server", "--port", "6379", "--bind", address, "--save", "", "--replicaof", $"{Primary} 6379", "--dir", edge.Folder, "--dbfilename", $"replica{index}.rdb"])).ToArray();
        await edge.StartAsync(Gateway + Edge.Service("cache", 6379, protocol: "redis") + Replicas);
        foreach (string address in ReplicaAddresses)
        {
            await Until.TrueAsync($"{address} follows", TimeSpan.FromSeconds(20),
                async () => (await edge.Space.RunAsync($"redis-cli -h {address} info replication")).Output.Contains("master_link_status:up"));
        }
        await Until.TrueAsync("redis answers through the daemon", TimeSpan.FromSeconds(20),
            async () => (await edge.Space.RunAsync("redis-cli -p 7000 ping")).Output.Trim() == "PONG", () => edge.Daemon.LogTail());
        return replicas;
    }

    private static async Task<int> CallsAsync(Edge edge, string address, string command)
    {
        string statistics = (await edge.Space.RunAsync($"redis-cli -h {address} info commandstats")).Output;
        var calls = Regex.Match(statistics, $"cmdstat_{command}:calls=([0-9]+)");
        return calls.Success ? int.Parse(calls.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
    }
}
