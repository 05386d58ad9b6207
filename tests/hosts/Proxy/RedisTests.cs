using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mesh.Http.Resp;
using Mesh.Kit.Machines;
using Mesh.Protocol.Config;

namespace Mesh.Tests.Hosts.Proxy;

/// <summary>The real server, command line and benchmark of Redis on both sides of the relay; each with and without a policy that must look at every command.</summary>
public sealed class RedisTests
{
    private static readonly AccessRedis NoFlush = new() { Commands = { "flushall" } };
    private static readonly AccessRedis NoSecrets = new() { KeyPrefixes = { "secret:" } };

    /// <summary>Every command is asked about, and those of the tests are let through.</summary>
    private static readonly AccessRedis[] Harmless = [NoFlush, new() { Commands = { "set", "mset" }, KeyPrefixes = { "secret:" } }];

    public static TheoryData<bool> Judged => [false, true];

    [Theory]
    [MemberData(nameof(Judged))]
    public async Task Conversation_in_both_versions_is_what_it_is_without_us(bool judged)
    {
        const string script = """
            SET k v
            GET k
            INCR k
            HSET h a 1 b 2
            HGETALL h
            LRANGE none 0 -1
            MULTI
            INCR n
            NOPE
            EXEC
            MULTI
            INCR n
            LPUSH l 1 2 3
            EXEC
            EVAL "return {1,{2,'x'},{}}" 0
            DEBUG SLEEP 0
            OBJECT ENCODING k
            CLIENT SETNAME me
            ZADD z 1.5 a
            ZSCORE z a
            """;
        foreach (string version in (string[])["-2", "-3"])
        {
            await using var direct = await RedisProxy.StartAsync();
            await using var proxy = await StartAsync(judged);
            string expected = (await Shell.RunAsync(["redis-cli", version, "-p", $"{direct.ServerPort}"], script)).Must().Output.TrimEnd();
            Assert.Equal(expected, await proxy.ScriptAsync(script, version));
            Assert.Empty(proxy.Traffic.Opaque);
            var commands = proxy.Traffic.Commands;
            Assert.Equal((2, 1, 1, 1, 1), (commands["multi ok"], commands["exec ok"], commands["exec error"], commands["eval ok"], commands["other error"]));
        }
    }

    [Theory]
    [InlineData(false, "attrib", '|')]
    [InlineData(true, "attrib", '|')]
    [InlineData(false, "push", '>')]
    [InlineData(true, "push", '>')]
    [InlineData(true, "map", '%')]
    [InlineData(true, "set", '~')]
    [InlineData(true, "bignum", '(')]
    [InlineData(true, "verbatim", '=')]
    [InlineData(true, "null", '_')]
    public async Task Types_of_version_3_pass_and_the_next_reply_is_its_commands(bool judged, string type, char first)
    {
        await using var proxy = await StartAsync(judged);
        using var client = new RawClient(proxy.Port);
        await client.SendAsync("HELLO 3\r\n");
        await client.ReadUntilAsync("modules\r\n*0\r\n");
        await client.SendAsync($"DEBUG PROTOCOL {type}\r\nECHO end-of-it\r\n");
        Assert.StartsWith(first.ToString(), await client.ReadUntilAsync("$9\r\nend-of-it\r\n"));
        Assert.Equal((1, 1), (proxy.Traffic.Commands["debug ok"], proxy.Traffic.Commands["echo ok"]));
    }

    [Theory]
    [MemberData(nameof(Judged))]
    public async Task Changes_of_tracked_keys_are_pushed(bool judged)
    {
        await using var proxy = await StartAsync(judged);
        using var client = new RawClient(proxy.Port);
        await client.SendAsync("HELLO 3\r\n");
        await client.ReadUntilAsync("modules\r\n*0\r\n");
        await client.SendAsync("CLIENT TRACKING ON\r\nGET k\r\n");
        Assert.Equal("+OK\r\n_\r\n", await client.ReadUntilAsync("_\r\n"));
        await proxy.CliAsync("SET", "k", "v");
        Assert.Equal(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n", await client.ReadUntilAsync("$1\r\nk\r\n"));
        await client.SendAsync("GET k\r\n");
        Assert.Equal("$1\r\nv\r\n", await client.ReadUntilAsync("v\r\n"));
        Assert.Equal((2, 1), (proxy.Traffic.Commands["get ok"], proxy.Traffic.Commands["client ok"]));
    }

    [Theory]
    [MemberData(nameof(Judged))]
    public async Task Blocked_client_is_woken_and_subscribers_hear(bool judged)
    {
        await using var proxy = await StartAsync(judged);
        var blocked = proxy.CliAsync("BLPOP", "queue", "20");
        var subscriber = proxy.Start("subscriber", "redis-cli", "-p", $"{proxy.Port}", "SUBSCRIBE", "news");
        await Until.TrueAsync("both wait", TimeSpan.FromSeconds(10), async () =>
            (await proxy.CliAsync("PUBSUB", "NUMSUB", "news")).EndsWith('1') && (await proxy.CliAsync("INFO", "clients")).Contains("blocked_clients:1"));
        await proxy.CliAsync("RPUSH", "queue", "job");
        Assert.Equal("queue\njob", await blocked);
        await proxy.CliAsync("PUBLISH", "news", "extra");
        await Until.TrueAsync("the message arrives", TimeSpan.FromSeconds(10), () => subscriber.ReadLog().Contains("extra"));
        await subscriber.KillAsync();
        Assert.Equal((1, 1), (proxy.Traffic.Commands["blpop ok"], proxy.Traffic.Commands["subscribe ok"]));
    }

    [Theory]
    [MemberData(nameof(Judged))]
    public async Task Value_of_8_MiB_comes_back_unchanged(bool judged)
    {
        await using var proxy = await StartAsync(judged);
        byte[] value = RandomNumberGenerator.GetBytes(8 << 20);
        using var client = new RawClient(proxy.Port);
        await client.SendAsync($"*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n${value.Length}\r\n");
        await client.SendAsync(value);
        await client.SendAsync("\r\nGET big\r\n");
        string head = $"+OK\r\n${value.Length}\r\n";
        Assert.Equal(head, Encoding.ASCII.GetString(await client.ReadAsync(head.Length)));
        byte[] back = await client.ReadAsync(value.Length);
        Assert.True(value.AsSpan().SequenceEqual(back));
        await client.ReadUntilAsync("\r\n");
        Assert.Equal((1, 1), (proxy.Traffic.Commands["set ok"], proxy.Traffic.Commands["get ok"]));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 100)]
    [InlineData(true, 1)]
    [InlineData(true, 100)]
    public async Task Every_command_of_the_benchmark_is_counted(bool judged, int pipeline)
    {
        int requests = pipeline == 1 ? 4_000 : 20_000; // one by one they are slow where other tests use the processors
        await using var proxy = await StartAsync(judged);
        await proxy.CliAsync("DEL", "nothing");
        (await proxy.RunAsync("redis-benchmark", "-p", $"{proxy.Port}", "-c", "20", "-n", $"{requests}", "-P", $"{pipeline}", "-t", "set,get,lpush,lrange_100,mset", "-q")).Must();
        foreach (string name in (string[])["set", "get", "lrange", "mset"]) Assert.Equal(requests, proxy.Traffic.Commands[$"{name} ok"]);
        Assert.Empty(proxy.Traffic.Opaque);
    }

    [Fact]
    public async Task Denied_commands_and_keys_never_reach_the_server()
    {
        await using var proxy = await RedisProxy.StartAsync(NoFlush, NoSecrets);
        string answers = await proxy.ScriptAsync("SET a 1\nFLUSHALL\nset secret:x 1\nMULTI\nset b 2\nMSET c 3 secret:y 4\nEXEC\nEVAL \"return redis.call('set', 'secret:z', 1)\" 0\nGET a\nGET b\n");
        Assert.Equal(
            [
                "OK", "NOPERM denied by AccessPolicy shop/redis", "NOPERM denied by AccessPolicy shop/redis", "OK", "QUEUED",
                "NOPERM denied by AccessPolicy shop/redis", "EXECABORT Transaction discarded because of previous errors.", "NOPERM denied by AccessPolicy shop/redis", "1",
            ],
            answers.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("a", (await proxy.RunAsync("redis-cli", "-p", $"{proxy.ServerPort}", "keys", "*")).Output.Trim());
        Assert.Equal((1, 1, 1, 1), (proxy.Traffic.Commands["flushall denied"], proxy.Traffic.Commands["set denied"], proxy.Traffic.Commands["mset denied"], proxy.Traffic.Commands["eval denied"]));
    }

    [Theory]
    [MemberData(nameof(Judged))]
    public async Task Monitor_and_replicas_work_through_the_relay(bool judged)
    {
        await using var proxy = await StartAsync(judged);
        var monitor = proxy.Start("monitor", "redis-cli", "-p", $"{proxy.Port}", "MONITOR");
        int port = RedisProxy.FreePort();
        proxy.Start("replica", "redis-server", "--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--replicaof", $"127.0.0.1 {proxy.Port}", "--dir", proxy.Folder, "--dbfilename", "replica.rdb");
        await Until.TrueAsync("the replica follows", TimeSpan.FromSeconds(15), async () =>
            (await proxy.RunAsync("redis-cli", "-p", $"{port}", "info", "replication")).Output.Contains("master_link_status:up"));
        await proxy.CliAsync("SET", "seen", "everywhere");
        await Until.TrueAsync("the write arrives", TimeSpan.FromSeconds(10), async () => (await proxy.RunAsync("redis-cli", "-p", $"{port}", "get", "seen")).Output.Trim() == "everywhere");
        await Until.TrueAsync("the monitor shows it", TimeSpan.FromSeconds(10), () => monitor.ReadLog().Contains("\"seen\" \"everywhere\""));
        Assert.Equal(["mode", "mode"], proxy.Traffic.Opaque);
    }

    [Fact]
    public async Task Table_of_commands_agrees_with_the_server()
    {
        await using var proxy = await RedisProxy.StartAsync();
        using var list = JsonDocument.Parse(await proxy.CliAsync("--json", "COMMAND"));
        var problems = new List<string>();
        foreach (var entry in list.RootElement.EnumerateArray())
        {
            string name = entry[0].GetString()!;
            var command = RedisCommands.Find(Encoding.ASCII.GetBytes(name));
            if (command == RedisCommands.Other) problems.Add($"{name} is not in the table");
            else if (Problem(command, entry) is { } problem) problems.Add($"{name}: {problem}");
        }
        Assert.Empty(problems);
    }

    private static string? Problem(RedisCommand command, JsonElement entry)
    {
        var flags = entry[2].EnumerateArray().Select(flag => flag.GetString()).ToHashSet();
        var (first, last, step) = (entry[3].GetInt32(), entry[4].GetInt32(), entry[5].GetInt32());
        if (command.IsContainer != (entry[9].GetArrayLength() > 0) && command.Name != "debug") return "has subcommands or not";
        if (flags.Contains("write") && !command.Categories.HasFlag(RedisCategories.Write)) return "writes";
        if (flags.Contains("readonly") != command.Categories.HasFlag(RedisCategories.Read) && !command.IsContainer && command.Name != "lolwut" && !command.Categories.HasFlag(RedisCategories.Scripting)) return "reads or not";
        if (flags.Contains("admin") && !command.Categories.HasFlag(RedisCategories.Admin)) return "is for administrators";
        if (flags.Contains("movablekeys") || command.Keys == KeyRule.Any) return command.Keys is KeyRule.Range or KeyRule.None ? "has keys that move" : null;
        if (first > 0) return command.Name == "sunsubscribe" || (command.First, command.Last, command.Step) == (first, last, step) ? null : $"has keys at {first} {last} {step}";
        return null;
    }

    private static Task<RedisProxy> StartAsync(bool judged) => judged ? RedisProxy.StartAsync(Harmless) : RedisProxy.StartAsync();

    /// <summary>A client that says and hears bytes.</summary>
    private sealed class RawClient : IDisposable
    {
        private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000, SendTimeout = 10_000 };
        private readonly List<byte> received = [];

        public RawClient(int port) => socket.Connect(IPAddress.Loopback, port);

        public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

        public async Task SendAsync(ReadOnlyMemory<byte> bytes)
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, bound.Token)..];
        }

        public async Task<string> ReadUntilAsync(string end)
        {
            byte[] wanted = Encoding.ASCII.GetBytes(end);
            int at;
            while ((at = received.ToArray().AsSpan().IndexOf(wanted)) < 0) await ReceiveAsync();
            return Encoding.ASCII.GetString(Take(at + wanted.Length));
        }

        public async Task<byte[]> ReadAsync(int bytes)
        {
            while (received.Count < bytes) await ReceiveAsync();
            return Take(bytes);
        }

        public void Dispose() => socket.Dispose();

        private byte[] Take(int count)
        {
            byte[] taken = [.. received.Take(count)];
            received.RemoveRange(0, count);
            return taken;
        }

        private async Task ReceiveAsync()
        {
            byte[] buffer = new byte[256 * 1024];
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            int count = await socket.ReceiveAsync(buffer, bound.Token);
            if (count == 0) throw new EndOfStreamException($"closed after '{Encoding.ASCII.GetString([.. received.Take(200)])}'");
            received.AddRange(buffer.AsSpan(0, count));
        }
    }
}
