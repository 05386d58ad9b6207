using Mesh.Kit.Proxy;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

/// <summary>Bytes without a protocol: who speaks first, who ends, and how.</summary>
internal static class TcpTalk
{
    private const int Size = 2_000_000;

    public static Conversation[] All { get; } =
    [
        new("TCP, client first", TestMachines.Wire.Tcp, static talk => HoldAsync(talk, clientFirst: true)),
        new("TCP, server first", TestMachines.Wire.Tcp, static talk => HoldAsync(talk, clientFirst: false)),
        new("TCP, half-close of the client", TestMachines.Wire.Tcp, static talk => HalfCloseAsync(talk, byClient: true)),
        new("TCP, half-close of the server", TestMachines.Wire.Tcp, static talk => HalfCloseAsync(talk, byClient: false)),
        new("TCP, reset by the client", TestMachines.Wire.Tcp, static talk => ResetAsync(talk, byClient: true)),
        new("TCP, reset by the server", TestMachines.Wire.Tcp, static talk => ResetAsync(talk, byClient: false)),
    ];

    private static async Task HoldAsync(Talk talk, bool clientFirst)
    {
        var app = await talk.AcceptAsync();
        var (first, second) = clientFirst ? (talk.Client, app) : (app, talk.Client);
        await first.SendAsync("220 ready\r\n");
        Assert.Equal("220 ready\r\n", await second.ReadAsync(11));
        await second.SendAsync("GET / HTTP/1.1\r\n\r\n");
        Assert.Equal("GET / HTTP/1.1\r\n\r\n", await first.ReadAsync(18));
        await Task.WhenAll(Pattern.SendAsync(first, Size), Pattern.SendAsync(second, Size), Pattern.CheckAsync(first, Size), Pattern.CheckAsync(second, Size));
        await first.FinishAsync();
        await second.FinishAsync();
        Assert.Equal(("", ""), (await first.ReadToEndAsync(), await second.ReadToEndAsync()));
        var record = await talk.RecordAsync();
        Assert.Equal(("tcp", ResponseFlag.None, 2L * Size + 29), (record.Labels?.Protocol, record.Flag, record.ReceivedBytes + record.SentBytes));
    }

    private static async Task HalfCloseAsync(Talk talk, bool byClient)
    {
        var app = await talk.AcceptAsync();
        var (first, second) = byClient ? (talk.Client, app) : (app, talk.Client);
        await first.SendAsync("early");
        await first.FinishAsync();
        Assert.Equal("early", await second.ReadToEndAsync());
        for (int i = 0; i < 3; i++)
        {
            await second.SendAsync($"late {i}");
            Assert.Equal($"late {i}", await first.ReadAsync(6));
        }
        await second.FinishAsync();
        Assert.Equal("", await first.ReadToEndAsync());
        var record = await talk.RecordAsync();
        Assert.Equal((ResponseFlag.None, byClient ? (5L, 18L) : (18L, 5L)), (record.Flag, (record.ReceivedBytes, record.SentBytes)));
    }

    private static async Task ResetAsync(Talk talk, bool byClient)
    {
        var app = await talk.AcceptAsync();
        await talk.Client.SendAsync("\u0001x");
        Assert.Equal("\u0001x", await app.ReadAsync(2));
        (byClient ? talk.Client : app).Abort();
        Assert.Equal((0, true), await (byClient ? app : talk.Client).DrainAsync());
        Assert.Equal(byClient ? ResponseFlag.DC : ResponseFlag.UC, (await talk.RecordAsync()).Flag);
    }
}
