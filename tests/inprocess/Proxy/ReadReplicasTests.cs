using Mesh.Kit.Control;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Proxy.Redis.Spreading;
using Mesh.Telemetry.Traffic;
using static Mesh.Tests.InProcess.Proxy.ReadReplicasWorld;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Reads of Redis that go to replicas: which, in what order their answers come, what a replica is told beforehand.</summary>
public sealed class ReadReplicasTests
{
    private const string Ok = "+OK\r\n";

    public static TheoryData<string, Tunnel> Paths => new() { { "a", Tunnel.Hbone }, { "b", Tunnel.Hbone }, { "b", Tunnel.Direct } };

    [Theory]
    [MemberData(nameof(Paths))]
    public void Reads_go_to_a_replica_and_all_else_to_the_primary(string machine, Tunnel tunnel)
    {
        var world = new ReadReplicasWorld(machine, tunnel);
        world.Run(async () =>
        {
            await world.TalkAsync("SET k v", Ok);
            await world.TalkAsync("GET k", From("replica0"));
            await world.TalkAsync("MGET a b", "*2\r\n" + From("replica0", "a") + From("replica0", "b"));
            await world.TalkAsync("PING", "+PONG\r\n");
            await world.ExchangeAsync("GET inline\r\n", From("replica0", "inline"));
            Assert.Equal(["SET k v", "PING"], world.Primary.Commands);
            Assert.Equal(["GET k", "MGET a b", "GET inline"], world.Replica.Commands);
            var counted = world.Traffic.CommandsByWorkload;
            Assert.Equal((1, 1, 2, 1), (counted["cart set ok"], counted["cart ping ok"], counted["replica0 get ok"], counted["replica0 mget ok"]));
            await world.Client.FinishAsync();
            await world.Client.DrainAsync();
            var (primary, replica) = (await world.RecordAsync("cart"), await world.RecordAsync("replica0"));
            Assert.Equal((ResponseFlag.None, ResponseFlag.None), (primary.Flag, replica.Flag));
            Assert.Equal(Bytes("SET k v\nPING").Length, primary.ReceivedBytes);
            Assert.Equal(Bytes("GET k\nMGET a b").Length + "GET inline\r\n".Length, replica.ReceivedBytes);
            Assert.Equal((Ok + "+PONG\r\n").Length, primary.SentBytes);
        });
    }

    [Theory]
    [InlineData("GETEX k")]
    [InlineData("HSCAN h 0")]
    [InlineData("SCAN 0")]
    [InlineData("KEYS k*")]
    [InlineData("TOUCH k")]
    [InlineData("OBJECT FREQ k")]
    [InlineData("XREAD STREAMS s 0")]
    [InlineData("EVAL_RO return 0")]
    [InlineData("JSON.GET k")]
    [InlineData("WAIT 1 0")]
    [InlineData("RANDOMKEY")]
    public void What_may_differ_between_copies_goes_to_the_primary(string command)
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            await world.TalkAsync("GET k", From("replica0"));
            await world.TalkAsync(command, Ok);
            Assert.Equal([command], world.Primary.Commands);
            await world.TalkAsync("GET k", From("replica0"));
        });
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(7)]
    public void Answers_come_in_order_wherever_a_pipeline_is_cut(int? pieceBytes)
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            world.Primary.PieceBytes = world.Replica.PieceBytes = pieceBytes;
            string pipeline = Bytes("GET a\nGET b\nSET c 1\nGET d\nMULTI\nGET e\nEXEC\nGET f\nPING\nMGET g h\nSELECT 2\nGET i") + "get j\r\n\r\n" + Bytes("DEL k\nGET l");
            string answers = From("replica0", "a") + From("replica0", "b") + Ok + From("replica0", "d") + Ok + From("cart", "e") + "*0\r\n" + From("replica0", "f") + "+PONG\r\n"
                + "*2\r\n" + From("replica0", "g") + From("replica0", "h") + Ok + From("replica0", "i") + From("replica0", "j") + Ok + From("replica0", "l");
            for (int cut = 0; cut < pipeline.Length; cut++)
            {
                await world.Client.SendAsync(pipeline[..cut]);
                if (cut % 3 == 0) await Task.Yield();
                if (cut % 16 == 0) await world.SettleAsync();
                await world.ExchangeAsync(pipeline[cut..], answers);
            }
            foreach (char one in pipeline)
            {
                await world.Client.SendAsync(one.ToString());
                await Task.Yield();
            }
            Assert.Equal(answers, await world.Client.ReadAsync(answers.Length));
            Assert.Equal((pipeline.Length + 1) * 7, world.Replica.Commands.Count(static command => command.StartsWith("GET ", StringComparison.OrdinalIgnoreCase)));
            Assert.Single(world.Replica.Commands, "SELECT 2");
            Assert.Single(world.Replica.Connections);
            Assert.Empty(world.Traffic.Replays);
        });
    }

    [Fact]
    public void Nobody_reads_what_is_written_after_the_read_and_a_read_waits_for_the_write_before_it()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            await world.TalkAsync("GET k", From("replica0"));
            world.Replica.Answer = static _ => null;
            await world.Client.SendAsync(Bytes("GET k\nSET k v\nGET k"));
            await world.SettleAsync();
            Assert.Empty(world.Primary.Commands);
            world.Primary.Answer = static _ => null;
            await world.Replica.Connections[0].SendAsync("$-1\r\n");
            Assert.Equal("$-1\r\n", await world.Client.ReadAsync(5));
            await world.SettleAsync();
            Assert.Equal(["SET k v"], world.Primary.Commands);
            Assert.Equal(2, world.Replica.Commands.Count);
            await world.Primary.Connections[0].SendAsync(Ok);
            await world.SettleAsync();
            Assert.Equal(3, world.Replica.Commands.Count);
        });
    }

    [Fact]
    public void Transaction_reads_at_the_primary_from_its_watch_to_its_end()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            string k = From("cart"), elsewhere = From("replica0");
            await world.TalkAsync("GET k\nWATCH k\nGET k\nMULTI\nGET k\nEXEC\nGET k", elsewhere + Ok + k + Ok + k + "*0\r\n" + elsewhere);
            await world.TalkAsync("WATCH k\nGET k\nUNWATCH\nGET k", Ok + k + Ok + elsewhere);
            await world.TalkAsync("WATCH k\nMULTI\nUNWATCH\nGET k\nDISCARD\nGET k", Ok + Ok + Ok + k + Ok + elsewhere);
        });
    }

    [Fact]
    public void Replica_gets_the_state_that_the_primary_has_accepted()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            const string three = "%1\r\n$5\r\nproto\r\n:3\r\n";
            world.Primary.Answer = words => words[0] == "AUTH" && words[1] == "wrong" ? "-WRONGPASS no\r\n" : world.Primary.Usual(words);
            await world.TalkAsync("SELECT 1\nHELLO 3 AUTH me secret SETNAME one\nAUTH wrong\nCLIENT SETNAME two\nCLIENT SETINFO LIB-NAME lib\nCLIENT SETINFO LIB-VER 1\nSELECT 2\nGET k",
                Ok + three + "-WRONGPASS no\r\n" + Ok + Ok + Ok + Ok + From("replica0"));
            Assert.Equal(["HELLO 3 AUTH me secret SETNAME one", "CLIENT SETNAME two", "CLIENT SETINFO LIB-NAME lib", "CLIENT SETINFO LIB-VER 1", "SELECT 2", "GET k"], world.Replica.Commands);
            world.Replica.Commands.Clear();
            await world.TalkAsync("GET k\nSELECT 3\nSELECT 4\nCLIENT ID\nGET k\nAUTH other\nREADONLY\nGET k", From("replica0") + Ok + Ok + Ok + From("replica0") + Ok + Ok + From("replica0"));
            Assert.Equal(["GET k", "SELECT 4", "GET k", "AUTH other", "READONLY", "GET k"], world.Replica.Commands);
            world.Replica.Commands.Clear();
            await world.TalkAsync("RESET", Ok);
            await world.SettleAsync();
            await world.TalkAsync("PING", "+PONG\r\n");
            await world.SettleAsync();
            await world.TalkAsync("GET k", From("cart"));
            await world.SettleAsync();
            await world.TalkAsync("GET k", From("replica0"));
            Assert.Equal(["GET k"], world.Replica.Commands);
            Assert.Equal(2, world.Replica.Connections.Count);
        });
    }

    [Fact]
    public void Replica_that_does_not_accept_the_state_is_not_asked()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            world.Replica.Answer = words => words[0] == "SELECT" ? "-ERR DB index is out of range\r\n" : world.Replica.Usual(words);
            await world.TalkAsync("SELECT 20\nGET k\nGET l\nPING", Ok + From("cart") + From("cart", "l") + "+PONG\r\n");
            Assert.Equal(["state", "state"], world.Traffic.Replays);
        });
    }

    [Theory]
    [InlineData("SUBSCRIBE a")]
    [InlineData("MONITOR")]
    [InlineData("CLIENT TRACKING ON")]
    [InlineData("CLIENT REPLY ON")]
    [InlineData("CLIENT NO-TOUCH ON")]
    [InlineData("ASKING")]
    [InlineData("MULTI\nSELECT 1\nEXEC")]
    public void Connection_that_becomes_another_stays_with_the_primary(string commands)
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            await world.TalkAsync("GET k", From("replica0"));
            string answers = string.Concat(commands.Split('\n').Select(line => world.Primary.Usual(line.Split(' '))));
            await world.TalkAsync($"GET k\n{commands}\nGET k", From("replica0") + answers + From("cart"));
            await world.TalkAsync("PING\nGET k", "+PONG\r\n" + From("cart"));
            await world.SettleAsync();
            Assert.True((await world.RecordAsync("replica0")).Flag == ResponseFlag.None);
        });
    }

    [Fact]
    public void What_is_not_Redis_passes()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            await world.TalkAsync("GET k", From("replica0"));
            await world.TalkAsync("GET k\nPING", From("replica0") + "+PONG\r\n");
            await world.ExchangeAsync("*0\r\n*1\r\n+what\r\nGET k\r\n", Ok + From("cart"));
            await world.TalkAsync("GET k", From("cart"));
            Assert.Equal(["PING", "odd +what", "GET k", "GET k"], world.Primary.Commands);
            Assert.Equal(["request"], world.Traffic.Opaque);
        });
    }

    [Fact]
    public void Reads_stay_with_the_primary_for_a_while_after_a_write()
    {
        var world = new ReadReplicasWorld { AfterWriteMs = 1000 };
        world.Run(async () =>
        {
            await world.TalkAsync("GET k\nSET k v\nGET k", From("replica0") + Ok + From("cart"));
            await world.Machines.PassAsync(TimeSpan.FromMilliseconds(900));
            await world.TalkAsync("GET k", From("cart"));
            await world.Machines.PassAsync(TimeSpan.FromMilliseconds(110));
            await world.TalkAsync("GET k\nPING\nGET k", From("replica0") + "+PONG\r\n" + From("replica0"));
            await world.TalkAsync("MULTI\nEXEC\nGET k", Ok + "*0\r\n" + From("cart"));
        });
    }

    [Fact]
    public void End_of_the_clients_bytes_comes_after_every_answer()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            await world.Client.SendAsync(Bytes("SET a b\nGET k\nPING\nGET l"));
            await world.Client.FinishAsync();
            Assert.Equal(Ok + From("replica0") + "+PONG\r\n" + From("replica0", "l"), await world.Client.ReadToEndAsync());
        });
    }

    [Fact]
    public void Long_read_goes_to_the_primary_and_many_wait_for_room()
    {
        var world = new ReadReplicasWorld();
        world.Run(async () =>
        {
            string longKey = new('x', HeldReads.MaxCommandBytes);
            await world.TalkAsync($"GET k\nGET {longKey}\nGET k", From("replica0") + From("cart", longKey) + From("replica0"));
            world.Replica.Answer = static _ => null;
            world.Replica.Commands.Clear();
            string key = new('y', 1000);
            const int many = 500;
            var sent = world.Client.SendAsync(string.Concat(Enumerable.Repeat(Bytes($"GET {key}"), many)));
            await world.SettleAsync();
            Assert.InRange(world.Replica.Commands.Count, 1, HeldReads.MaxBytes / 1000);
            world.Replica.Answer = world.Replica.Usual;
            foreach (string _ in world.Replica.Commands.ToList()) await world.Replica.Connections[0].SendAsync(From("replica0", key));
            for (int i = 0; i < many; i++) Assert.Equal(From("replica0", key), await world.Client.ReadAsync(From("replica0", key).Length));
            await sent;
            Assert.Empty(world.Traffic.Replays);
        });
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Policies_of_primary_and_replica_stay_in_force(string machine, Tunnel tunnel)
    {
        var world = new ReadReplicasWorld(machine, tunnel).Deny("cart", "flushall", "mget").Deny("replica0", "hget");
        world.Run(async () =>
        {
            const string denied = "-NOPERM denied by AccessPolicy shop/no-cart\r\n";
            world.Primary.Answer = world.Primary.Usual;
            await world.TalkAsync("GET k\nFLUSHALL\nGET k\nSET a 1\nFLUSHALL\nFLUSHALL\nGET l", From("replica0") + denied + From("replica0") + Ok + denied + denied + From("replica0", "l"));
            await world.TalkAsync("HGET h f\nGET k", Ok + From("replica0"));
            Assert.Equal(["SET a 1", "HGET h f"], world.Primary.Commands);
            Assert.DoesNotContain("HGET h f", world.Replica.Commands);
            await world.TalkAsync("MULTI\nFLUSHALL\nGET k\nEXEC\nGET k", Ok + denied + From("cart") + "-EXECABORT Transaction discarded because of previous errors.\r\n" + From("replica0"));
            if (machine == "a") await world.TalkAsync("MGET k l", denied);
        });
    }
}
