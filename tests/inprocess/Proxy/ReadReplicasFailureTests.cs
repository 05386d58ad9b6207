using Mesh.Kit.Control;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Proxy.Redis.Spreading;
using Mesh.Telemetry.Traffic;
using static Mesh.Tests.InProcess.Proxy.ReadReplicasWorld;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Replicas that fail while they are read: the client sees nothing of it. And configuration that changes under a connection.</summary>
public sealed class ReadReplicasFailureTests
{
    private const string Ok = "+OK\r\n";

    [Theory]
    [InlineData("-LOADING Redis is loading the dataset in memory", "loading")]
    [InlineData("-MASTERDOWN Link with MASTER is down", "masterdown")]
    [InlineData("-READONLY You can't write against a read only replica.", "readonly")]
    [InlineData("-NOAUTH Authentication required.", "noauth")]
    [InlineData("-MOVED 3999 127.0.0.1:6381", "moved")]
    [InlineData("-BUSY script", "unexpected")]
    [InlineData("-", "unexpected")]
    [InlineData("!5\r\nERR a", "unexpected")]
    [InlineData(">1\r\n+push", "unexpected")]
    [InlineData("|1\r\n+a\r\n+b\r\n+attributed", "unexpected")]
    [InlineData("?", "unexpected")]
    public void What_a_replica_says_of_itself_makes_the_primary_answer_all_that_it_was_asked(string error, string reason)
    {
        for (int good = 0; good < 3; good++)
        {
            var world = new ReadReplicasWorld();
            world.Run(async () =>
            {
                int answers = 0, fine = good;
                world.Replica.Answer = words => answers++ < fine ? world.Replica.Usual(words) : answers == fine + 1 ? error + "\r\n" : null;
                string expected = string.Concat(Enumerable.Range(0, 5).Select(i => From(i < fine ? "replica0" : "cart", $"k{i}")));
                await world.TalkAsync("GET k0\nGET k1\nGET k2\nGET k3\nGET k4\nSET a b", expected + Ok);
                Assert.Equal(Enumerable.Repeat(reason, 5 - fine), world.Traffic.Replays);
                Assert.Equal(5 - fine, world.Traffic.CommandsByWorkload["cart get ok"]);
                Assert.Single(world.Replica.Connections);
                world.Replica.Answer = world.Replica.Usual;
                await world.TalkAsync("GET k", From("cart"));
                await world.Machines.PassAsync(TimeSpan.FromMilliseconds(1100));
                await world.TalkAsync("GET k", From("cart"));
                await world.SettleAsync();
                await world.TalkAsync("GET k", From("replica0"));
            });
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public void Error_of_a_command_is_the_primarys_to_give(int? pieceBytes)
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            world.Replica.PieceBytes = world.Primary.PieceBytes = pieceBytes;
            world.Replica.Answer = words => words[1].StartsWith('e') ? "-ERR unknown command\r\n" : words[1].StartsWith('w') ? "-WRONGTYPE x\r\n" : world.Replica.Usual(words);
            world.Primary.Answer = words => words[0] == "GET" && words[1].StartsWith('w') ? "-WRONGTYPE of the primary\r\n" : world.Primary.Usual(words);
            await world.TalkAsync("GET a\nGET e1\nGET b\nGET w\nGET e2\nGET c\nSET d 1\nGET d",
                From("replica0", "a") + From("cart", "e1") + From("replica0", "b") + "-WRONGTYPE of the primary\r\n" + From("cart", "e2") + From("replica0", "c") + Ok + From("replica0", "d"));
            Assert.Equal(["error", "error", "error"], world.Traffic.Replays);
            Assert.Single(world.Replica.Connections);
        });
    }

    [Fact]
    public void Replica_that_dies_before_its_answer_is_replaced_by_the_primary()
    {
        var world = new ReadReplicasWorld(replicas: 2);
        world.Run(async () =>
        {
            foreach (var replica in world.Replicas) replica.Answer = words => replica.Commands.Contains("GET dead") ? null : replica.Usual(words);
            await world.Client.SendAsync(Bytes("GET k"));
            string first = await world.Client.ReadAsync(From("replica0").Length);
            var used = world.Replicas.Single(static replica => replica.Commands.Count > 0);
            await world.Client.SendAsync(Bytes("GET a\nGET dead\nGET b\nSET c 1"));
            await world.SettleAsync();
            used.Connections[0].Abort();
            string a = first.Replace(":k", ":a");
            Assert.Equal(a + From("cart", "dead") + From("cart", "b") + Ok, await world.Client.ReadAsync((a + From("cart", "dead") + From("cart", "b") + Ok).Length));
            Assert.Equal(["closed", "closed"], world.Traffic.Replays);
            await world.SettleAsync();
            await world.Client.SendAsync(Bytes("GET k"));
            await world.SettleAsync();
            await world.Client.ReadUntilAsync(":k\r\n");
            var other = world.Replicas.Single(replica => replica != used);
            await world.TalkAsync("GET k", From(other == world.Replica ? "replica0" : "replica1"));
        });
    }

    [Fact]
    public void Replica_that_dies_amid_an_answer_ends_the_connection()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            world.Replica.Answer = static words => words[1] == "k" ? "$10\r\n0123" : null;
            await world.Client.SendAsync(Bytes("GET k\nGET l"));
            await world.Client.ReadUntilAsync("0123");
            world.Replica.Connections[0].Abort();
            Assert.True((await world.Client.DrainAsync()).Reset);
            var record = await world.RecordAsync("cart");
            Assert.Equal(ResponseFlag.UC, record.Flag);
            Assert.Contains("shop/replica0", record.Reason);
            Assert.Empty(world.Traffic.Replays);
            Assert.Empty(world.Primary.Commands);
        });
    }

    [Fact]
    public void Replica_that_does_not_answer_is_given_up_in_time()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            await world.TalkAsync("GET k", From("replica0"));
            world.Replica.Answer = static _ => null;
            await world.Client.SendAsync(Bytes("GET k"));
            await world.Machines.PassAsync(ReplicaLink.AnswerTimeout - TimeSpan.FromMilliseconds(20));
            Assert.Empty(world.Traffic.Replays);
            await world.Machines.PassAsync(TimeSpan.FromMilliseconds(60));
            Assert.Equal(["timeout"], world.Traffic.Replays);
            Assert.Equal(From("cart"), await world.Client.ReadAsync(From("cart").Length));
        });
    }

    [Fact]
    public void Without_a_replica_that_can_be_reached_the_primary_answers() => new[] { 0, 1 }.ToList().ForEach(replicas =>
    {
        var world = new ReadReplicasWorld(replicas: replicas);
        world.Run(async () =>
        {
            await world.TalkAsync("GET k\nSET k v\nGET k", From("cart") + Ok + From("cart"));
            Assert.Empty(world.Traffic.Replays);
        }, listening: false);
    });

    [Fact]
    public void Primary_that_ends_ends_the_connection_after_the_answers_of_the_replica()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            world.Replica.Answer = static _ => null;
            await world.Client.SendAsync(Bytes("GET k"));
            await world.SettleAsync();
            await world.Primary.Connections[0].FinishAsync();
            await world.SettleAsync();
            await world.Replica.Connections[0].SendAsync(From("replica0"));
            Assert.Equal(From("replica0"), await world.Client.ReadToEndAsync());
            await world.Client.FinishAsync();
            await world.RecordAsync("replica0");
            await world.RecordAsync("cart");
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Primary_that_breaks_while_the_replica_is_asked_breaks_the_connection(bool replaying)
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            world.Replica.Answer = _ => replaying ? "-ERR no\r\n" : null;
            world.Primary.Answer = static _ => null;
            await world.Client.SendAsync(Bytes("GET k\nGET l\nSET a 1"));
            await world.SettleAsync();
            world.Primary.Connections[0].Abort();
            Assert.True((await world.Client.DrainAsync()).Reset);
            Assert.Equal(ResponseFlag.UC, (await world.RecordAsync("cart")).Flag);
            await world.RecordAsync("replica0");
        });
    }

    [Fact]
    public void Policy_that_goes_takes_reads_back_and_one_that_comes_holds_for_new_connections()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            await world.TalkAsync("GET k", From("replica0"));
            world.Forget();
            await world.TalkAsync("GET k\nGET l", From("cart") + From("cart", "l"));
            await world.TalkAsync("GET k", From("cart"));
            await world.RecordAsync("replica0");
            world.Machines.Change(ConfigChanges.Of(world.Policy));
            await world.ReconnectAsync();
            await world.TalkAsync("GET k", From("replica0"));
        });
    }

    [Fact]
    public void Replica_that_is_taken_out_is_left_and_one_that_is_added_gets_its_share()
    {
        var world = new ReadReplicasWorld(replicas: 2);
        world.Run(async () =>
        {
            await world.Client.SendAsync(Bytes("GET k"));
            string used = (await world.Client.ReadAsync(From("replica0").Length)).Contains("replica0") ? "replica0" : "replica1";
            string other = used == "replica0" ? "replica1" : "replica0";
            var gone = new Workload { Namespace = "shop", Name = used };
            world.Machines.Change(ConfigChanges.Gone(gone));
            await world.Client.SendAsync(Bytes("GET k\nGET k\nGET k"));
            await world.SettleAsync();
            await world.Client.SendAsync(Bytes("GET l"));
            await world.Client.ReadUntilAsync(":l\r\n");
            await world.SettleAsync();
            await world.TalkAsync("GET k", From("cart"));
            await world.SettleAsync();
            await world.TalkAsync("GET k", From(other));
            Assert.Empty(world.Traffic.Replays);
        });
    }

    /// <summary>Any pipelines, cut anywhere, with replicas that fail anyhow: what the client hears is what one server would have said.</summary>
    [Fact]
    public void Whatever_replicas_do_the_client_hears_what_one_server_says()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var world = new ReadReplicasWorld(replicas: 2);
            world.Run(() => new ReadReplicasChaos(world, random).RunAsync(), within: TimeSpan.FromHours(1));
        }
    }
}
