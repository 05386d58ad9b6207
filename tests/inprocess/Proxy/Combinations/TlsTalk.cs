using System.Text;
using Mesh.Kit.Proxy;
using Mesh.Kit.Tls;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

/// <summary>TLS between client and application: the name is read, no byte is touched.</summary>
internal static class TlsTalk
{
    private const int Size = 200_000;

    public static Conversation[] All { get; } =
    [
        new("TLS", TestMachines.Wire.Tls, static talk => HoldAsync(talk, 1 << 14)),
        new("TLS, hello in many records", TestMachines.Wire.Tls, static talk => HoldAsync(talk, 9)),
    ];

    private static async Task HoldAsync(Talk talk, int recordBytes)
    {
        string hello = Encoding.Latin1.GetString(new TestHello { ServerName = TestGateway.TlsName, RecordBytes = recordBytes }.ToBytes());
        foreach (string part in (string[])[hello[..20], hello[20..]]) await talk.Client.SendAsync(part);
        var app = await talk.AcceptAsync();
        Assert.Equal(hello, await app.ReadAsync(hello.Length));
        await Task.WhenAll(Pattern.SendAsync(talk.Client, Size), Pattern.CheckAsync(app, Size), Pattern.SendAsync(app, Size), Pattern.CheckAsync(talk.Client, Size));
        await app.FinishAsync();
        Assert.Equal("", await talk.Client.ReadToEndAsync());
        await talk.Client.FinishAsync();
        Assert.Equal("", await app.ReadToEndAsync());
        var record = await talk.RecordAsync();
        Assert.Equal(("tls", TestGateway.TlsName, ResponseFlag.None, (long)hello.Length + Size, (long)Size),
            (record.Labels?.Protocol, record.ServerName, record.Flag, record.ReceivedBytes, record.SentBytes));
    }
}
