using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Redis between enrolled workloads: what passes, what is counted, what a policy keeps back.</summary>
public sealed class RedisTests
{
    private const string Get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", Set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", Ping = "*1\r\n$4\r\nPING\r\n";
    private const string Multi = "*1\r\n$5\r\nMULTI\r\n", Exec = "*1\r\n$4\r\nEXEC\r\n", Discard = "*1\r\n$7\r\nDISCARD\r\n", Flush = "*1\r\n$8\r\nFLUSHALL\r\n";
    private const string Denied = "-NOPERM denied by AccessPolicy shop/no-flush\r\n";

    private static readonly AccessPolicy NoFlush = Policy("no-flush", AccessPolicy.Types.Action.Deny, new AccessRedis { Commands = { "flushall" } });

    [Theory]
    [MemberData(nameof(Paths))]
    public void Commands_pass_as_they_were_sent_and_are_counted(string machine, Tunnel tunnel) => With(machine, tunnel, async (machines, server, client) =>
    {
        await client.SendAsync(Set + Get + Ping);
        Assert.Equal(Set + Get + Ping, await server.ReadAsync((Set + Get + Ping).Length));
        await server.SendAsync("+OK\r\n$1\r\nv\r\n-ERR not now\r\n");
        Assert.Equal("+OK\r\n$1\r\nv\r\n-ERR not now\r\n", await client.ReadUntilAsync("now\r\n"));
        foreach (string reporter in new HashSet<string> { "a", machine })
        {
            var commands = machines.TrafficOf(reporter).Commands;
            Assert.Equal((1, 1, 1), (commands["set ok"], commands["get ok"], commands["ping error"]));
        }
        await client.FinishAsync();
        await server.FinishAsync();
        await client.DrainAsync();
        Assert.Equal("redis", (await RecordAsync(machines)).Labels?.Protocol);
    });

    [Theory]
    [MemberData(nameof(Paths))]
    public void Port_of_undeclared_protocol_is_Redis_when_the_client_speaks_it(string machine, Tunnel tunnel) => With(TestMachines.Wire.Detect, machine, tunnel, async (machines, server, client) =>
    {
        await client.SendAsync(Set + Flush + Get);
        Assert.Equal(Set + Get, await server.ReadAsync((Set + Get).Length));
        await server.SendAsync("+OK\r\n$1\r\nv\r\n");
        string expected = "+OK\r\n" + Denied + "$1\r\nv\r\n";
        Assert.Equal(expected, await client.ReadAsync(expected.Length));
        Assert.Equal(1, machines.TrafficOf("a").Commands["get ok"]);
    }, NoFlush);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Denied_command_is_answered_in_its_place_and_not_forwarded(string machine, Tunnel tunnel) => With(machine, tunnel, async (machines, server, client) =>
    {
        await client.SendAsync(Set + Flush + Get + "flushall\r\n");
        Assert.Equal(Set + Get, await server.ReadAsync((Set + Get).Length));
        await server.SendAsync("+OK\r\n$");
        Assert.Equal("+OK\r\n" + Denied, await client.ReadUntilAsync("flush\r\n"));
        await server.SendAsync("1\r\nv\r\n");
        Assert.Equal("$1\r\nv\r\n" + Denied, await client.ReadUntilAsync("flush\r\n"));
        await client.SendAsync(Flush);
        Assert.Equal(Denied, await client.ReadUntilAsync("flush\r\n"));
        await client.SendAsync(Ping);
        Assert.Equal(Ping, await server.ReadAsync(Ping.Length));
        Assert.Equal(3, machines.TrafficOf(machine).Commands["flushall denied"]);
    }, NoFlush);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Denied_command_is_kept_back_however_its_bytes_come(string machine, Tunnel tunnel) => With(machine, tunnel, async (_, server, client) =>
    {
        foreach (char one in Set + Flush + Get + Flush)
        {
            await client.SendAsync(one.ToString());
            await Task.Yield();
        }
        Assert.Equal(Set + Get, await server.ReadAsync((Set + Get).Length));
        foreach (char one in "+OK\r\n$1\r\nv\r\n")
        {
            await server.SendAsync(one.ToString());
            await Task.Yield();
        }
        string expected = "+OK\r\n" + Denied + "$1\r\nv\r\n" + Denied;
        Assert.Equal(expected, await client.ReadAsync(expected.Length));
    }, NoFlush);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Transaction_with_a_denied_command_is_discarded(string machine, Tunnel tunnel) => With(machine, tunnel, async (_, server, client) =>
    {
        await client.SendAsync(Multi + Set + Flush + Exec + Ping);
        Assert.Equal(Multi + Set + Discard + Ping, await server.ReadAsync((Multi + Set + Discard + Ping).Length));
        await server.SendAsync("+OK\r\n+QUEUED\r\n+O");
        await server.SendAsync("K\r\n+PONG\r\n");
        string expected = "+OK\r\n+QUEUED\r\n" + Denied + "-EXECABORT Transaction discarded because of previous errors.\r\n+PONG\r\n";
        Assert.Equal(expected, await client.ReadAsync(expected.Length));
    }, NoFlush);

    [Fact]
    public void Keys_decide_and_what_cannot_be_known_is_refused() => With("b", Tunnel.Direct, async (_, server, client) =>
    {
        const string own = "*3\r\n$4\r\nMGET\r\n$6\r\ncart:1\r\n$6\r\ncart:2\r\n";
        const string script = "*4\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$6\r\ncart:1\r\n";
        string[] denied =
        [
            "*3\r\n$4\r\nMGET\r\n$6\r\ncart:1\r\n$5\r\nuser1\r\n", "*4\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$5\r\nuser1\r\n",
            "*3\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n0\r\n", Flush, "*2\r\n$4\r\nKEYS\r\n$6\r\ncart:*\r\n", "*2\r\n$5\r\nNEWER\r\n$6\r\ncart:1\r\n", "keys *\r\n",
        ];
        await client.SendAsync(string.Concat(denied) + own + script + Ping);
        Assert.Equal(own + script + Ping, await server.ReadAsync((own + script + Ping).Length));
        for (int i = 0; i < denied.Length; i++) Assert.StartsWith("-NOPERM no AccessPolicy allows", await client.ReadUntilAsync("\r\n"));
    }, Policy("keys", AccessPolicy.Types.Action.Allow, new AccessRedis { KeyPrefixes = { "cart:" } }));

    [Theory]
    [MemberData(nameof(Paths))]
    public void What_is_not_Redis_passes_untouched_and_is_not_looked_at_again(string machine, Tunnel tunnel) => With(machine, tunnel, async (machines, server, client) =>
    {
        await client.SendAsync("\u0016\u0003\u0001 not Redis\0\r\n*1\r\n");
        Assert.Equal("\u0016\u0003\u0001 not Redis\0\r\n*1\r\n", await server.ReadUntilAsync("*1\r\n"));
        await server.SendAsync("nor this");
        Assert.Equal("nor this", await client.ReadAsync(8));
        Assert.Equal(["request"], machines.TrafficOf("a").Opaque);
    });

    [Theory]
    [InlineData("\u0016\u0003\u0001 not Redis\0\r\n")]
    [InlineData("POST / HTTP/1.1\r\n\r\nSET k v\r\n")]
    [InlineData("post\r\nSET k v\r\n")]
    [InlineData("Host: cache\r\n\r\nSET k v\r\n")]
    public void What_is_not_Redis_ends_the_connection_where_a_policy_asks(string text) => With("b", Tunnel.Direct, async (machines, server, client) =>
    {
        await client.SendAsync(text);
        Assert.True((await client.DrainAsync()).Reset);
        Assert.Equal(0, (await server.DrainAsync()).Bytes);
        Assert.Equal(ResponseFlag.DPE, (await RecordAsync(machines, "b")).Flag);
    }, NoFlush);

    [Fact]
    public void Messages_and_pushes_are_no_replies() => With("b", Tunnel.Direct, async (machines, server, client) =>
    {
        const string subscribe = "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n", unsubscribe = "*1\r\n$11\r\nUNSUBSCRIBE\r\n";
        await client.SendAsync(subscribe + Ping);
        await server.ReadAsync((subscribe + Ping).Length);
        const string heard =
            "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n"
            + "*3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$2\r\nhi\r\n";
        await server.SendAsync(heard);
        Assert.Equal(heard, await client.ReadAsync(heard.Length));
        await client.SendAsync(unsubscribe + "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n" + Get);
        await server.ReadUntilAsync(Get);
        const string three = "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n%1\r\n$5\r\nproto\r\n:3\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n$1\r\nv\r\n";
        await server.SendAsync(three);
        Assert.Equal(three, await client.ReadAsync(three.Length));
        await client.SendAsync("*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n" + Ping);
        await server.ReadUntilAsync(Ping);
        await server.SendAsync(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n+PONG\r\n");
        await client.ReadUntilAsync("PONG\r\n");
        var commands = machines.TrafficOf("b").Commands;
        Assert.Equal((2, 2, 1, 1, 1), (commands["subscribe ok"], commands["ping ok"], commands["unsubscribe ok"], commands["hello ok"], commands["get ok"]));
        Assert.Empty(machines.TrafficOf("b").Opaque);
    });

    [Fact]
    public void Client_that_wants_no_replies_gets_none_for_denials_either() => With("b", Tunnel.Direct, async (machines, server, client) =>
    {
        const string off = "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n", on = "client reply on\r\n", skip = "client reply skip\r\n";
        await client.SendAsync(off + Get + Flush + on + skip + Flush + Flush + skip + Set + Get);
        await server.ReadUntilAsync(Get);
        await server.ReadUntilAsync(Set + Get);
        await server.SendAsync("+OK\r\n$1\r\nv\r\n");
        Assert.Equal("+OK\r\n" + Denied + "$1\r\nv\r\n", await client.ReadAsync(("+OK\r\n" + Denied + "$1\r\nv\r\n").Length));
        Assert.Equal((3, 1, 1), (machines.TrafficOf("b").Commands["flushall denied"], machines.TrafficOf("b").Commands["client ok"], machines.TrafficOf("b").Commands["get ok"]));
    }, NoFlush);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_a_change_of_mode_bytes_pass_and_a_denial_ends_the_connection(bool denied) => With("b", Tunnel.Direct, async (machines, server, client) =>
    {
        await client.SendAsync("*1\r\n$7\r\nMONITOR\r\n");
        await server.ReadUntilAsync("MONITOR\r\n");
        await server.SendAsync("+OK\r\n+1.2 [0 x] \"get\" \"a\"\r\nanything");
        await client.ReadUntilAsync("anything");
        Assert.Equal(["mode"], machines.TrafficOf("b").Opaque);
        await client.SendAsync(denied ? Flush : Ping);
        if (!denied)
        {
            Assert.Equal(Ping, await server.ReadAsync(Ping.Length));
            return;
        }
        Assert.True((await client.DrainAsync()).Reset);
        Assert.Equal(0, (await server.DrainAsync()).Bytes);
        Assert.Equal(ResponseFlag.UAEX, (await RecordAsync(machines, "b")).Flag);
    }, NoFlush);

    [Fact]
    public void Large_value_passes_a_policy_without_being_held() => With("b", Tunnel.Direct, async (_, server, client) =>
    {
        const int size = 8 << 20;
        string head = $"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${size}\r\n";
        var sent = SendAsync();
        Assert.Equal(head, await server.ReadAsync(head.Length));
        Assert.Equal(size + 2, await ReadAsync(size + 2));
        await sent;

        async Task SendAsync()
        {
            await client.SendAsync(head);
            await client.SendAsync(new byte[size]);
            await client.SendAsync("\r\n");
        }

        async Task<long> ReadAsync(long bytes)
        {
            long got = 0;
            while (got < bytes)
            {
                var read = await server.Connection.Input.ReadAsync();
                got += read.Buffer.Length;
                server.Connection.Input.AdvanceTo(read.Buffer.End);
            }
            return got;
        }
    }, NoFlush);

    [Fact]
    public void Keys_that_come_after_too_many_bytes_are_refused() => With("b", Tunnel.Direct, async (_, server, client) =>
    {
        const int size = 2 << 20;
        await client.SendAsync($"*5\r\n$4\r\nMSET\r\n$1\r\na\r\n${size}\r\n");
        await client.SendAsync(new byte[size]);
        await client.SendAsync("\r\n$1\r\nb\r\n$1\r\n1\r\n" + Ping);
        Assert.Contains("too late", await client.ReadUntilAsync("\r\n"));
        Assert.Equal(Ping, await server.ReadAsync(Ping.Length));
    }, Policy("keys", AccessPolicy.Types.Action.Allow, new AccessRedis { KeyPrefixes = { "a", "b" } }));

    public static TheoryData<string, Tunnel> Paths => new() { { "a", Tunnel.Hbone }, { "b", Tunnel.Hbone }, { "b", Tunnel.Direct } };

    private static AccessPolicy Policy(string name, AccessPolicy.Types.Action action, AccessRedis redis) => new()
    {
        Namespace = "shop",
        Name = name,
        Action = action,
        Targets = { new Target { Workload = "shop/cart" } },
        Rules = { new AccessRule { To = { new AccessTo { Redis = redis } } } },
    };

    /// <summary>The client web is on machine a.</summary>
    private static void With(string machine, Tunnel tunnel, Func<TestMachines, Peer, Peer, Task> test, params AccessPolicy[] policies) =>
        With(TestMachines.Wire.Redis, machine, tunnel, test, policies);

    private static void With(TestMachines.Wire wire, string machine, Tunnel tunnel, Func<TestMachines, Peer, Peer, Task> test, params AccessPolicy[] policies)
    {
        var machines = new TestMachines { Protocol = wire, Tunnel = tunnel };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(machine, "cart", "10.0.2.1");
        foreach (var policy in policies) machines.With(policy);
        machines.Start();
        machines.Run(async () =>
        {
            var app = machines.Listen("cart");
            var client = await machines.ConnectAsync("web", TestMachines.Cart);
            await test(machines, await app.AcceptAsync(), client);
        });
    }

    private static async Task<TrafficRecord> RecordAsync(TestMachines machines, string machine = "a")
    {
        for (int turns = 0; turns < 10_000; turns++)
        {
            if (machines.TrafficOf(machine).Records.FirstOrDefault() is { } record) return record;
            await Task.Yield();
        }
        throw new TimeoutException($"machine {machine} has reported nothing");
    }
}
