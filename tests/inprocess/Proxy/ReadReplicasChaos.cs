using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>A primary and replicas with the same content, of which the replicas fail by chance, and a client that knows what must be answered.</summary>
internal sealed class ReadReplicasChaos
{
    private static readonly string[] Errors = ["-LOADING x\r\n", "-ERR x\r\n", "-MASTERDOWN x\r\n", "-NOPERM x\r\n", "!3\r\nERR\r\n", "?\r\n"];

    private readonly ReadReplicasWorld world;
    private readonly Random random;
    private readonly HashSet<(ScriptedRedis, int)> mute = [];
    private readonly Dictionary<string, string> content = [];
    private readonly Dictionary<string, string> expected = [];

    public ReadReplicasChaos(ReadReplicasWorld world, Random random)
    {
        (this.world, this.random) = (world, random);
        world.Primary.Answer = words => AnswerOf(words, content);
        foreach (var replica in world.Replicas) replica.Answer = words => OfReplica(replica, words);
    }

    public async Task RunAsync()
    {
        for (int round = 0; round < 40; round++)
        {
            string bytes = "", answers = "";
            for (int i = random.Next(1, 12); i > 0; i--)
            {
                string line = Line();
                bytes += ReadReplicasWorld.Bytes(line);
                answers += AnswerOf(line.Split(' '), expected);
            }
            for (int at = 0; at < bytes.Length;)
            {
                int count = Math.Min(random.Next(1, 80), bytes.Length - at);
                await world.Client.SendAsync(bytes[at..(at + count)]);
                at += count;
                if (random.Next(3) == 0) await Task.Yield();
            }
            string heard = await world.Client.ReadAsync(answers.Length);
            Assert.Equal(answers, heard);
            if (random.Next(10) == 0) await world.Machines.PassAsync(TimeSpan.FromSeconds(random.Next(1, 20)));
        }
    }

    private string Line() => random.Next(6) switch
    {
        0 => $"SET k{random.Next(4)} {random.Next(1000)}",
        1 => $"MGET k{random.Next(4)} k{random.Next(4)}",
        2 => "PING",
        _ => $"GET k{random.Next(4)}",
    };

    private static string AnswerOf(string[] words, Dictionary<string, string> values)
    {
        string Value(string key) => values.TryGetValue(key, out string? value) ? ScriptedRedis.Bulk(value) : "$-1\r\n";
        switch (words[0])
        {
            case "SET":
                values[words[1]] = words[2];
                return "+OK\r\n";
            case "MGET":
                return $"*{words.Length - 1}\r\n" + string.Concat(words.Skip(1).Select(Value));
            case "GET":
                return Value(words[1]);
            default:
                return "+PONG\r\n";
        }
    }

    private string? OfReplica(ScriptedRedis replica, string[] words)
    {
        Assert.True(words[0] is "GET" or "MGET", $"a replica was told: {string.Join(' ', words)}");
        int connection = replica.Connections.Count;
        if (mute.Contains((replica, connection))) return null;
        int draw = random.Next(25);
        if (draw > 2) return AnswerOf(words, content);
        if (draw == 0) return Errors[random.Next(Errors.Length)];
        // One that leaves an answer out would otherwise answer the next one in its place.
        mute.Add((replica, connection));
        if (draw == 1) replica.Connections[^1].Abort();
        return null;
    }
}
