using System.Text;
using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>A server of Redis that does what a test says: it reads commands, remembers them, and answers by a function. Without one, GET answers with the
/// server's name and the key, and everything else as a real server would.</summary>
internal sealed class ScriptedRedis
{
    private readonly string name;
    private readonly PeerServer server;

    public ScriptedRedis(TestMachines machines, string host)
    {
        (name, server) = (host, machines.Listen(host));
        Answer = Usual;
        _ = AcceptAsync();
    }

    /// <summary>In the order in which they came, over all connections: "GET k".</summary>
    public List<string> Commands { get; } = [];

    public List<Peer> Connections { get; } = [];

    /// <summary>From the words of a command to a reply; null: none.</summary>
    public Func<string[], string?> Answer { get; set; }

    /// <summary>How the reply is cut before it is sent; null: not at all.</summary>
    public int? PieceBytes { get; set; }

    public static string Bulk(string text) => $"${text.Length}\r\n{text}\r\n";

    public string? Usual(string[] words) => words[0].ToUpperInvariant() switch
    {
        "GET" => Bulk($"{name}:{words[1]}"),
        "MGET" => $"*{words.Length - 1}\r\n" + string.Concat(words.Skip(1).Select(key => Bulk($"{name}:{key}"))),
        "PING" => "+PONG\r\n",
        "HELLO" when words.Length > 1 && words[1] == "3" => "%1\r\n$5\r\nproto\r\n:3\r\n",
        "HELLO" => "*2\r\n$5\r\nproto\r\n:2\r\n",
        "EXEC" => "*0\r\n",
        "SUBSCRIBE" => $"*3\r\n$9\r\nsubscribe\r\n{Bulk(words[1])}:1\r\n",
        _ => "+OK\r\n",
    };

    private async Task AcceptAsync()
    {
        while (true)
        {
            var peer = await server.AcceptAsync();
            Connections.Add(peer);
            _ = ServeAsync(peer);
        }
    }

    private async Task ServeAsync(Peer peer)
    {
        try
        {
            while (true)
            {
                string[] words = await ReadAsync(peer);
                Commands.Add(string.Join(' ', words));
                if (Answer(words) is { } reply) await SendAsync(peer, reply);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            await peer.FinishAsync();
        }
    }

    private async Task SendAsync(Peer peer, string reply)
    {
        foreach (var piece in reply.Chunk(PieceBytes ?? reply.Length)) await peer.SendAsync(new string(piece));
    }

    private static async Task<string[]> ReadAsync(Peer peer)
    {
        string line;
        do line = await peer.ReadUntilAsync("\r\n");
        while (line is "\r\n" or "*0\r\n");
        if (line[0] != '*') return line.Trim().Split(' ');
        var words = new string[int.Parse(line[1..])];
        for (int i = 0; i < words.Length; i++)
        {
            string head = await peer.ReadUntilAsync("\r\n");
            if (head[0] != '$') return ["odd", head.Trim()];
            int length = int.Parse(head[1..]);
            words[i] = (await peer.ReadAsync(length + 2))[..length];
        }
        return words;
    }

    /// <summary>As clients send it.</summary>
    public static string Command(string line)
    {
        string[] words = line.Split(' ');
        return words.Aggregate(new StringBuilder($"*{words.Length}\r\n"), (text, word) => text.Append(Bulk(word))).ToString();
    }
}
