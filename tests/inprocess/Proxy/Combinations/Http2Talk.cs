using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

internal static class Http2Talk
{
    public static Conversation[] All { get; } =
    [
        new("HTTP/2", TestMachines.Wire.Http2, WholeAsync),
        new("HTTP/2, streams at once", TestMachines.Wire.Http2, AtOnceAsync),
        new("HTTP/2, reset by the client", TestMachines.Wire.Http2, ResetByClientAsync),
        new("HTTP/2, reset by the application", TestMachines.Wire.Http2, ResetByApplicationAsync),
    ];

    private static async Task WholeAsync(Talk talk)
    {
        var request = await Http2Peer.Client(talk.Client.Connection).RequestAsync(
            Request("POST", "/a?b=c", ("te", "trailers"), ("cookie", "a=1"), ("x-twice", "1"), ("x-twice", "2"), ("cookie", "b=2"), ("content-length", "8")), "question",
            Of(("sum", "8"), ("content-length", "9"), ("authorization", "x")));
        var stream = await Http2Peer.Server((await talk.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal(Fields.Of([
            ":method: POST", ":scheme: https", ":path: /a?b=c", ":authority: catalog.shop.mesh", "te: trailers", "cookie: a=1; b=2", "x-twice: 1", "x-twice: 2", "content-length: 8", .. talk.Added]),
            Fields.Of(stream.Headers));
        Assert.Equal("question", await Bodies.ReadTextAsync(stream.Input));
        Assert.Equal("sum: 8", Fields.Of(stream.Trailers!));
        await Http2Peer.RespondAsync(stream, Response(200, ("x-from", "app"), ("set-cookie", "c=3"), ("set-cookie", "d=4")), "answer", Of(("checked", "yes")));
        Assert.Equal(Fields.Of(":status: 200", "x-from: app", "set-cookie: c=3", "set-cookie: d=4"), Fields.Of(await request.ReadHeadersAsync()));
        Assert.Equal("answer", await Bodies.ReadTextAsync(request.Input));
        Assert.Equal("checked: yes", Fields.Of(request.Trailers!));
        var record = await talk.RecordAsync();
        Assert.Equal(("http", 200, 8L, 6L), (record.Kind, record.Status, record.ReceivedBytes, record.SentBytes));
    }

    /// <summary>A stream that waits, large bodies both ways beside it, and then the one that waited.</summary>
    private static async Task AtOnceAsync(Talk talk)
    {
        string up = Pattern.Text(300_000), down = Pattern.Text(200_000);
        var client = Http2Peer.Client(talk.Client.Connection);
        var waiting = await client.RequestAsync(Request(path: "/waiting"));
        var server = Http2Peer.Server((await talk.AcceptAsync()).Connection);
        var held = await server.AcceptAsync();
        var large = await client.Http2.OpenAsync(Request("POST", "/large"), endStream: false);
        var serving = await server.AcceptAsync();
        Assert.Equal("/large", Text(serving.Headers, ":path"));
        await serving.SendHeadersAsync(Response(200), endStream: false);
        await large.ReadHeadersAsync();
        await Task.WhenAll(SendAllAsync(large, up), ReadAsync(serving, up), Http2Peer.SendAsync(serving, down), ReadAsync(large, down));
        Assert.Empty(await Bodies.ReadAllAsync(serving.Input));
        await serving.Output.CompleteAsync();
        Assert.Empty(await Bodies.ReadAllAsync(large.Input));
        await Http2Peer.RespondAsync(held, Response(204));
        Assert.Equal(":status: 204", Fields.Of(await waiting.ReadHeadersAsync()));
    }

    private static async Task ResetByClientAsync(Talk talk)
    {
        var request = await Http2Peer.Client(talk.Client.Connection).Http2.OpenAsync(Request("POST"), endStream: false);
        await Http2Peer.SendAsync(request, "part");
        var stream = await Http2Peer.Server((await talk.AcceptAsync()).Connection).AcceptAsync();
        await ReadAsync(stream, "part");
        request.Reset(ErrorCode.Cancel);
        await Assert.ThrowsAsync<ConnectionBrokenException>(() => Bodies.ReadAllAsync(stream.Input));
        Assert.Equal(ErrorCode.Cancel, stream.ResetCode);
    }

    private static async Task ResetByApplicationAsync(Talk talk)
    {
        var request = await Http2Peer.Client(talk.Client.Connection).RequestAsync(Request());
        var stream = await Http2Peer.Server((await talk.AcceptAsync()).Connection).AcceptAsync();
        await stream.SendHeadersAsync(Response(200), endStream: false);
        await Http2Peer.SendAsync(stream, "part");
        await request.ReadHeadersAsync();
        await ReadAsync(request, "part");
        stream.Reset(ErrorCode.InternalError);
        await Assert.ThrowsAsync<ConnectionBrokenException>(() => Bodies.ReadAllAsync(request.Input));
    }

    public static async Task SendAllAsync(Http2Stream stream, string text)
    {
        await Http2Peer.SendAsync(stream, text);
        await stream.Output.CompleteAsync();
    }

    /// <summary>Exactly these bytes come next.</summary>
    public static async Task ReadAsync(Http2Stream stream, string expected)
    {
        if (expected.Length == 0) return;
        var read = await stream.Input.ReadAtLeastAsync(expected.Length);
        Assert.True(read.Buffer.Length >= expected.Length, "the stream has ended");
        var end = read.Buffer.GetPosition(expected.Length);
        string got = System.Text.Encoding.Latin1.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer.Slice(0, end)));
        stream.Input.AdvanceTo(end);
        Assert.True(got == expected, "a byte is not what it was");
    }
}
