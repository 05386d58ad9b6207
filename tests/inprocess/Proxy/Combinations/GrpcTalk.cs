using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Kit.Http2;
using Mesh.Kit.Proxy;
using Mesh.Proxy.Reporting;
using static Mesh.Kit.Http2.Heads;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

/// <summary>The four kinds of call, and the answer that is one head.</summary>
internal static class GrpcTalk
{
    private static readonly string[] three = [Message(0), Message(7), Message(40_000)];

    public static Conversation[] All { get; } =
    [
        new("gRPC, one message each way", TestMachines.Wire.Grpc, static talk => CallAsync(talk, [Message(100)], [Message(100_000)])),
        new("gRPC, stream of the server", TestMachines.Wire.Grpc, static talk => CallAsync(talk, [Message(5)], three)),
        new("gRPC, stream of the client", TestMachines.Wire.Grpc, static talk => CallAsync(talk, three, [Message(5)])),
        new("gRPC, streams of both", TestMachines.Wire.Grpc, BothAsync),
        new("gRPC, trailers only", TestMachines.Wire.Grpc, TrailersOnlyAsync),
    ];

    private static HeaderList Head => Request("POST", "/test.Cart/Add", ("content-type", "application/grpc+proto"), ("te", "trailers"));

    private static async Task CallAsync(Talk talk, string[] up, string[] down)
    {
        var (call, stream) = await OpenAsync(talk);
        foreach (string message in up)
        {
            await Http2Peer.SendAsync(call, message);
            await Http2Talk.ReadAsync(stream, message);
        }
        await call.Output.CompleteAsync();
        Assert.Empty(await Bodies.ReadAllAsync(stream.Input));
        await stream.SendHeadersAsync(Response(200, ("content-type", "application/grpc")), endStream: false);
        Assert.Equal(Fields.Of(":status: 200", "content-type: application/grpc"), Fields.Of(await call.ReadHeadersAsync()));
        foreach (string message in down)
        {
            await Http2Peer.SendAsync(stream, message);
            await Http2Talk.ReadAsync(call, message);
        }
        await EndAsync(talk, call, stream, new GrpcOutcome(5, up.Length, down.Length));
    }

    private static async Task BothAsync(Talk talk)
    {
        var (call, stream) = await OpenAsync(talk);
        await stream.SendHeadersAsync(Response(200, ("content-type", "application/grpc")), endStream: false);
        await call.ReadHeadersAsync();
        foreach (string message in three)
        {
            await Http2Peer.SendAsync(call, message);
            await Http2Talk.ReadAsync(stream, message);
            await Http2Peer.SendAsync(stream, message);
            await Http2Talk.ReadAsync(call, message);
        }
        await call.Output.CompleteAsync();
        Assert.Empty(await Bodies.ReadAllAsync(stream.Input));
        await EndAsync(talk, call, stream, new GrpcOutcome(5, 3, 3));
    }

    private static async Task TrailersOnlyAsync(Talk talk)
    {
        var (call, stream) = await OpenAsync(talk);
        await Http2Talk.SendAllAsync(call, Message(3));
        Assert.Equal(Message(3), await Bodies.ReadTextAsync(stream.Input));
        await Http2Peer.RespondAsync(stream, Response(200, ("content-type", "application/grpc"), ("grpc-status", "12")));
        Assert.Equal(Fields.Of(":status: 200", "content-type: application/grpc", "grpc-status: 12"), Fields.Of(await call.ReadHeadersAsync()));
        Assert.Empty(await Bodies.ReadAllAsync(call.Input));
        Assert.Null(call.Trailers);
        Assert.Equal(new GrpcOutcome(12, 1, 0), (await talk.RecordAsync()).Grpc);
    }

    private static async Task<(Http2Stream Call, Http2Stream Stream)> OpenAsync(Talk talk)
    {
        var call = await Http2Peer.Client(talk.Client.Connection).Http2.OpenAsync(Head, endStream: false);
        var stream = await Http2Peer.Server((await talk.AcceptAsync()).Connection).AcceptAsync();
        Assert.Equal(Fields.Of([":method: POST", ":scheme: https", ":path: /test.Cart/Add", ":authority: catalog.shop.mesh", "content-type: application/grpc+proto", "te: trailers", .. talk.Added]),
            Fields.Of(stream.Headers));
        return (call, stream);
    }

    private static async Task EndAsync(Talk talk, Http2Stream call, Http2Stream stream, GrpcOutcome outcome)
    {
        await stream.SendTrailersAsync(Of(("grpc-status", "5"), ("grpc-message", "not here")));
        Assert.Empty(await Bodies.ReadAllAsync(call.Input));
        Assert.Equal(Fields.Of("grpc-status: 5", "grpc-message: not here"), Fields.Of(call.Trailers!));
        var record = await talk.RecordAsync();
        Assert.Equal(("grpc", 200, outcome), (record.Labels?.Protocol, record.Status, record.Grpc));
    }

    /// <summary>With its prefix: not compressed, length.</summary>
    private static string Message(int bytes) => $"\0{(char)(bytes >> 24)}{(char)(bytes >> 16 & 255)}{(char)(bytes >> 8 & 255)}{(char)(bytes & 255)}{Pattern.Text(bytes)}";
}
