using Mesh.Kit.Control;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>The workload web, a primary behind shop/cart and replicas behind shop/cart-replicas, where a TrafficPolicy sends reads.</summary>
internal sealed class ReadReplicasWorld
{
    private readonly TestMachines machines = new() { Protocol = TestMachines.Wire.Redis };
    private readonly int replicaCount;

    /// <param name="machine">Of primary and replicas; web is on a.</param>
    public ReadReplicasWorld(string machine = "b", Tunnel tunnel = Tunnel.Direct, int replicas = 1)
    {
        machines.Tunnel = tunnel;
        replicaCount = replicas;
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1");
        for (int i = 0; i < replicas; i++) machines.EnrolReplica(machine, $"replica{i}", $"10.0.3.{i + 1}");
    }

    public TestMachines Machines => machines;

    public ScriptedRedis Primary { get; private set; } = null!;

    public List<ScriptedRedis> Replicas { get; } = [];

    public ScriptedRedis Replica => Replicas[0];

    public Peer Client { get; private set; } = null!;

    public TrafficRecorder Traffic => machines.TrafficOf("a");

    public ulong AfterWriteMs { get; set; }

    public TrafficPolicy Policy => new()
    {
        Namespace = "shop",
        Name = "spread",
        Targets = { new Target { Service = "shop/cart" } },
        RedisReadReplicas = new ReadReplicas { Service = "shop/cart-replicas", Port = TestMachines.Cart.Port, AfterWriteMs = AfterWriteMs },
    };

    /// <summary>Before the start.</summary>
    public ReadReplicasWorld Deny(string workload, params string[] commands)
    {
        machines.With(new AccessPolicy
        {
            Namespace = "shop",
            Name = $"no-{workload}",
            Action = AccessPolicy.Types.Action.Deny,
            Targets = { new Target { Workload = $"shop/{workload}" } },
            Rules = { new AccessRule { To = { new AccessTo { Redis = new AccessRedis { Commands = { commands } } } } } },
        });
        return this;
    }

    public void Run(Func<Task> test, bool listening = true, TimeSpan? within = null)
    {
        machines.With(Policy);
        machines.Start();
        machines.Run(async () =>
        {
            Primary = new ScriptedRedis(machines, "cart");
            for (int i = 0; i < replicaCount && listening; i++) Replicas.Add(new ScriptedRedis(machines, $"replica{i}"));
            await ReconnectAsync();
            await test();
        }, within);
    }

    public async Task ReconnectAsync() => Client = await machines.ConnectAsync("web", TestMachines.Cart);

    /// <summary>Commands, one a line, and what the client hears.</summary>
    public Task TalkAsync(string commands, string replies) => ExchangeAsync(Bytes(commands), replies);

    public async Task ExchangeAsync(string bytes, string replies)
    {
        await Client.SendAsync(bytes);
        Assert.Equal(replies, await Client.ReadAsync(replies.Length));
    }

    /// <summary>From whom the answer of a GET comes.</summary>
    public static string From(string server, string key = "k") => ScriptedRedis.Bulk($"{server}:{key}");

    public static string Bytes(string commands) => string.Concat(commands.Split('\n').Select(ScriptedRedis.Command));

    /// <summary>Everybody else goes on as far as they can.</summary>
    public Task SettleAsync() => machines.PassAsync(TimeSpan.FromMilliseconds(50));

    public void Forget() => machines.Change(ConfigChanges.Gone(Policy));

    public async Task<TrafficRecord> RecordAsync(string destination)
    {
        for (int turns = 0; turns < 10_000; turns++)
        {
            if (Traffic.Records.FirstOrDefault(record => record.Labels?.Destination.Workload == destination) is { } record) return record;
            await Task.Yield();
        }
        throw new TimeoutException($"nothing was reported about {destination}");
    }
}
