using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

internal static class RedisTalk
{
    private static readonly string value = Pattern.Text(100_000);

    /// <summary>What is asked and how it is answered: every type of reply of both versions of the protocol, then messages that nobody asked for.</summary>
    private static readonly (string Asked, string Answered)[] steps =
    [
        ("*1\r\n$4\r\nPING\r\n", "+PONG\r\n"),
        ("PING\r\n", "+PONG\r\n"),
        ($"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${value.Length}\r\n{value}\r\n", "+OK\r\n"),
        ("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", $"${value.Length}\r\n{value}\r\n"),
        ("*2\r\n$3\r\nGET\r\n$1\r\nn\r\n*2\r\n$4\r\nINCR\r\n$1\r\ni\r\n*2\r\n$4\r\nLPOP\r\n$1\r\nk\r\n", "$-1\r\n:7\r\n-WRONGTYPE no list\r\n"),
        ("*3\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\nb\r\n", "*2\r\n$0\r\n\r\n*-1\r\n"),
        ("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", "%2\r\n$5\r\nproto\r\n:3\r\n+x\r\n~1\r\n#t\r\n"),
        ("*2\r\n$7\r\nHGETALL\r\n$1\r\nh\r\n", "|1\r\n+ttl\r\n:5\r\n%1\r\n,3.5\r\n(12345678901234567890\r\n"),
        ("*2\r\n$4\r\nTYPE\r\n$1\r\nz\r\n*2\r\n$3\r\nGET\r\n$1\r\nz\r\n", "=7\r\ntxt:abc\r\n_\r\n"),
        ("*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n", ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\n\r\n\r\n"),
    ];

    public static Conversation[] All { get; } = [new("Redis", TestMachines.Wire.Redis, HoldAsync)];

    private static async Task HoldAsync(Talk talk)
    {
        var app = await talk.AcceptAsync();
        foreach (var (asked, answered) in steps)
        {
            await Task.WhenAll(talk.Client.SendAsync(asked), CheckAsync(app, asked));
            await Task.WhenAll(app.SendAsync(answered), CheckAsync(talk.Client, answered));
        }
        await talk.Client.FinishAsync();
        Assert.Equal("", await app.ReadToEndAsync());
        await app.FinishAsync();
        Assert.Equal("", await talk.Client.ReadToEndAsync());
        var record = await talk.RecordAsync();
        Assert.Equal(("redis", (long)steps.Sum(static step => step.Asked.Length), (long)steps.Sum(static step => step.Answered.Length)),
            (record.Labels?.Protocol, record.ReceivedBytes, record.SentBytes));
    }

    private static async Task CheckAsync(Peer peer, string expected) => Assert.True(expected == await peer.ReadAsync(expected.Length), "a byte is not what it was");
}
