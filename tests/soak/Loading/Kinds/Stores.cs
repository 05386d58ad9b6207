using System.Globalization;
using System.Text;
using Mesh.Soak.Bodies;
using Mesh.Soak.Serving;
using Mesh.Soak.Talking;

namespace Mesh.Soak.Loading.Kinds;

/// <summary>A real redis-server by its own protocol: values of all sizes, pipelines, transactions, subscriptions, leaving in the middle.</summary>
internal static class Stores
{
    public static async Task TalkAsync(Conversation talk)
    {
        var draw = talk.Draw;
        var socket = await Sockets.ConnectAsync(talk, talk.Target.Redis);
        talk.Doing = $"redis at {talk.Target.Host} from {socket.LocalEndPoint}";
        await using var line = new Line(socket, null);
        string key = string.Create(CultureInfo.InvariantCulture, $"{talk.Ledger.Text(0)}:{draw.Seed:x}");
        bool answered = false;
        try
        {
            await SetAndGetAsync(line, talk, key);
            answered = true;
            if (draw.OneIn(3)) await CountAsync(line, talk, key);
            if (draw.OneIn(4)) await TransactAsync(line, talk, key);
            if (draw.OneIn(4)) await SubscribeAsync(line, talk, key);
            else await ExpectAsync(line, talk, Command("DEL", key), ":1\r\n");
            if (draw.OneIn(4)) line.Reset();
        }
        finally
        {
            talk.Ledger.Connection(answered);
        }
    }

    private static async Task SetAndGetAsync(Line line, Conversation talk, string key)
    {
        ulong seed = talk.Draw.Next();
        int size = talk.Draw.Size(1 << 20);
        talk.Doing += $", value of {size} bytes of seed {seed:x}";
        byte[] value = Pattern.Make(seed, size);
        byte[] length = Encoding.ASCII.GetBytes($"${size}\r\n");
        byte[] set = [.. Command("SET", key, null).AsSpan(), .. length, .. value, .. "\r\n"u8];
        await ExpectAsync(line, talk, set, "+OK\r\n");
        await line.SendAsync(Command("GET", key), talk.Bound);
        byte[] head = await line.ReadExactlyAsync(length.Length, talk.Bound);
        if (!head.AsSpan().SequenceEqual(length)) throw new WrongException($"a value begins with {Encoding.ASCII.GetString(head)}, expected ${size}");
        byte[] seen = await line.ReadExactlyAsync(size + 2, talk.Bound);
        var check = new PatternCheck(seed, size);
        check.Must(seen.AsSpan(0, size));
        check.MustEnd();
    }

    /// <summary>Many commands at once; their answers are numbered.</summary>
    private static async Task CountAsync(Line line, Conversation talk, string key)
    {
        int count = 1 + talk.Draw.Below(200);
        byte[] command = Command("INCR", key + ":n");
        byte[] commands = [.. Enumerable.Range(0, count).SelectMany(_ => command), .. Command("DEL", key + ":n")];
        string answers = string.Concat(Enumerable.Range(1, count).Select(number => $":{number}\r\n")) + ":1\r\n";
        await ExpectAsync(line, talk, commands, answers);
    }

    private static async Task TransactAsync(Line line, Conversation talk, string key)
    {
        byte[] commands = [.. Command("MULTI"), .. Command("SET", key + ":t", "a"), .. Command("APPEND", key + ":t", "b"), .. Command("DEL", key + ":t"), .. Command("EXEC")];
        await ExpectAsync(line, talk, commands, "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n:2\r\n:1\r\n");
    }

    /// <summary>What another connection publishes comes; the key stays and is removed by that connection.</summary>
    private static async Task SubscribeAsync(Line line, Conversation talk, string key)
    {
        string channel = key + ":c";
        await ExpectAsync(line, talk, Command("SUBSCRIBE", channel), $"*3\r\n$9\r\nsubscribe\r\n${channel.Length}\r\n{channel}\r\n:1\r\n");
        await using var other = new Line(await Sockets.ConnectAsync(talk, talk.Target.Redis), null);
        await ExpectAsync(other, talk, [.. Command("PUBLISH", channel, "news"), .. Command("DEL", key)], ":1\r\n:1\r\n");
        talk.Ledger.Connection(answered: true);
        await ExpectAsync(line, talk, [], $"*3\r\n$7\r\nmessage\r\n${channel.Length}\r\n{channel}\r\n$4\r\nnews\r\n");
    }

    private static async Task ExpectAsync(Line line, Conversation talk, byte[] commands, string answer)
    {
        await line.SendAsync(commands, talk.Bound);
        string seen = Encoding.ASCII.GetString(await line.ReadExactlyAsync(answer.Length, talk.Bound));
        if (seen != answer) throw new WrongException($"answered '{seen.ReplaceLineEndings("\\r\\n")}', expected '{answer.ReplaceLineEndings("\\r\\n")}'");
    }

    /// <param name="words">A null at the end leaves the last word's length and bytes to the caller.</param>
    private static byte[] Command(params ReadOnlySpan<string?> words)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"*{words.Length}\r\n"));
        foreach (string? word in words)
        {
            if (word is not null) text.Append(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n");
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
