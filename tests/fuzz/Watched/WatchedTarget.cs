using System.Buffers;
using Mesh.Http;

namespace Mesh.Tests.Fuzz.Watched;

/// <summary>What is only read along: the frames of a WebSocket and the messages of a gRPC body, told apart at the same bytes wherever they are split.</summary>
internal sealed class WatchedTarget : IFuzzTarget
{
    public string Name => "watched";

    public IEnumerable<byte[]> Seeds =>
    [
        [0x81, 2, 1, 2, 0x89, 0, 0x82, 0xFE, 0, 200, 9, 9, 9, 9, .. new byte[200], 0x88, 0x82, 1, 2, 3, 4, 5, 6],
        [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 1, 44, .. new byte[300], 0x8A, 0x80, 1, 1, 1, 1],
        [0, 0, 0, 0, 3, 1, 2, 3, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, .. new byte[256]],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        var whole = new ReadOnlySequence<byte>(input.ToArray());
        var pieces = Pieces.Of(input);
        WebSocket(whole, pieces);
        Grpc(whole, pieces);
    }

    private static void Grpc(in ReadOnlySequence<byte> whole, List<byte[]> pieces)
    {
        var (atOnce, inPieces, inSegments) = (new GrpcMessages(), new GrpcMessages(), new GrpcMessages());
        atOnce.Read(whole);
        foreach (byte[] piece in pieces) inPieces.Read(new ReadOnlySequence<byte>(piece));
        inSegments.Read(Pieces.Sequence(pieces));
        Assert.Equal((atOnce.Count, atOnce.Count), (inPieces.Count, inSegments.Count));
    }

    private static void WebSocket(in ReadOnlySequence<byte> whole, List<byte[]> pieces)
    {
        var (inPieces, inSegments) = (new WebSocketFrames(), new WebSocketFrames());
        foreach (byte[] piece in pieces) Assert.Equal(piece.Length, inPieces.Read(new ReadOnlySequence<byte>(piece)));
        Assert.Equal(whole.Length, inSegments.Read(Pieces.Sequence(pieces)));
        Assert.Equal(Between(whole), inPieces.IsBetweenFrames);
        Assert.Equal(inPieces.IsBetweenFrames, inSegments.IsBetweenFrames);
    }

    private static bool Between(in ReadOnlySequence<byte> whole)
    {
        var byBytes = new WebSocketFrames();
        for (long i = 0; i < whole.Length; i++) byBytes.Read(whole.Slice(i, 1));
        return byBytes.IsBetweenFrames;
    }
}
