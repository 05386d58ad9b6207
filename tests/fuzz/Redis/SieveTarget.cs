using System.Buffers;
using System.Text;
using Mesh.Control.Translation;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;
using Mesh.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Policy;
using Mesh.Proxy.Redis;
using Mesh.Proxy.Reporting;
using Policy = Mesh.Protocol.Config.AccessPolicy;
using Wire = Mesh.Protocol.Config;

namespace Mesh.Tests.Fuzz.Redis;

/// <summary>Any bytes of a client before a policy against FLUSHALL, scripts without keys and keys that begin with "secret:". Whatever reaches the server, even
/// one that reads as leniently as it can, has none of them; it is the same wherever the bytes are split; and nothing is held for ever.</summary>
internal sealed class SieveTarget : IFuzzTarget
{
    private const string Workload = "shop/cart";

    private static readonly SnapshotHolder Snapshots = Published();

    public string Name => "redis-sieve";

    public IEnumerable<byte[]> Seeds => RequestTarget.Examples;

    public void Run(ReadOnlySpan<byte> input)
    {
        string whole = Forwarded([input.ToArray()]);
        Assert.Equal(whole, Forwarded(Pieces.Of(input)));
        foreach (var words in LenientServer.Commands(whole)) Assert.False(IsForbidden(words), $"the server was told: {string.Join(' ', words)}");
    }

    private static bool IsForbidden(List<string> words)
    {
        string name = words[0].ToLowerInvariant();
        if (name == "flushall") return true;
        int first = name is "get" or "set" or "mset" or "del" ? 1 : int.MaxValue;
        return words.Where((_, index) => index >= first && (name == "del" || (index - first) % 2 == 0)).Take(name is "get" or "set" ? 1 : int.MaxValue)
            .Any(static key => key.StartsWith("secret:", StringComparison.Ordinal));
    }

    /// <returns>What reached the server, and "!" where the connection was broken off.</returns>
    private static string Forwarded(List<byte[]> pieces)
    {
        var loop = new TestLoop();
        var (client, inside) = MemoryConnection.Pair(loop, bufferBytes: 4 * 1024 * 1024);
        var (outside, server) = MemoryConnection.Pair(loop, bufferBytes: 4 * 1024 * 1024);
        var context = new ProxyContext(new ProxyOptions(), [loop], Snapshots, new NoIdentities(), new NoSockets(), new TrafficRecorder(), new Random(1));
        var asker = new AccessQuestion(new SpiffeId("cluster.local", "shop", "web"), Ip.LoopbackV4, 6379, null, HttpPending: false);
        var relay = new RedisRelay(context, inside, outside, TrafficParties.FromSource(null, null, null, null, "redis"), new RedisGate(context, Workload, asker));
        var run = loop.RunAsync(relay.RunAsync);
        var text = new StringBuilder();
        bool broken = false;
        foreach (byte[] piece in pieces)
        {
            if (!inside.IsOver) Send(client, piece);
            loop.RunUntilIdle();
            broken |= !TryTake(server, text);
        }
        if (!inside.IsOver) client.Output.Complete();
        loop.RunUntilIdle();
        broken |= !TryTake(server, text);
        if (!outside.IsOver) server.Output.Complete();
        loop.RunUntilIdle();
        Assert.True(run.IsCompleted, "the relay does not end when both sides have");
        // What was forwarded before the break depends on what had come by then; that nothing forbidden was among it does not.
        return broken || relay.Refusal?.Flag == Telemetry.Traffic.ResponseFlag.DPE ? "" : text.ToString();
    }

    private static void Send(MemoryConnection client, byte[] piece)
    {
        piece.CopyTo(client.Output.GetMemory(Math.Max(4096, piece.Length)));
        client.Output.Advance(piece.Length);
        _ = client.Output.FlushAsync();
    }

    private static bool TryTake(MemoryConnection server, StringBuilder text)
    {
        try
        {
            if (!server.Input.TryRead(out var read)) return true;
            text.Append(Encoding.Latin1.GetString(read.Buffer));
            server.Input.AdvanceTo(read.Buffer.End);
            return true;
        }
        catch (ConnectionBrokenException)
        {
            return false;
        }
    }

    private static SnapshotHolder Published()
    {
        var denied = new Wire.AccessRule
        {
            To =
            {
                new Wire.AccessTo { Redis = new Wire.AccessRedis { Commands = { "flushall" } } },
                new Wire.AccessTo { Redis = new Wire.AccessRedis { KeyPrefixes = { "secret:" } } },
            },
        };
        var policy = new Policy { Namespace = "shop", Name = "p", Action = Policy.Types.Action.Deny, Targets = { new Target { Workload = Workload } }, Rules = { denied } };
        var workload = new Workload { Namespace = "shop", Name = "cart", ServiceAccount = "cart", Weight = 1 };
        var snapshots = new SnapshotHolder();
        snapshots.Publish(new SnapshotTranslator(1, new Random(1)).Apply([ConfigChanges.Of(workload), ConfigChanges.Of(policy)], "cluster.local"));
        return snapshots;
    }

    private sealed class NoIdentities : IIdentitySource
    {
        public ValueTask<TlsContext> GetAsync(SpiffeId identity) => throw new IdentityUnavailableException("there are no identities here");
    }

    private sealed class NoSockets : SocketFactory
    {
        public override Listener Listen(IpPort address, IReadOnlyList<Loop> loops, ListenOptions options, Action<Connection> accepted) => throw new NotSupportedException();

        public override ValueTask<Connection> ConnectAsync(Loop loop, IpPort remote, ConnectOptions options) => throw new NotSupportedException();

        public override DatagramSocket Bind(IpPort address, Loop loop, DatagramReceived received, int mark = 0, IpPort? peer = null) => throw new NotSupportedException();
    }
}
