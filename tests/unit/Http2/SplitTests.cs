using System.Text;
using Mesh.Http;
using Mesh.Http.Hpack;
using Mesh.Http.Http2;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;
using static Mesh.Kit.Http2.RawPeer;

namespace Mesh.Tests.Unit.Http2;

/// <summary>A whole connection in two pieces at every byte and byte by byte, and a header block cut anywhere.</summary>
public sealed class SplitTests
{
    private const byte EndStream = 1, EndHeaders = 4, Padded = 8;

    [Fact]
    public void Connection_says_the_same_wherever_its_input_is_split()
    {
        byte[] block = Block("POST", "/echo"), trailers = [0, 3, .. "sum"u8, 1, (byte)'3'];
        byte[] input =
        [
            .. Preface.Bytes, .. Frame(4, 0, 0, 0, 4, 0, 1, 0, 0), .. Frame(4, 1, 0),
            .. Frame(1, 0, 1, block[..5]), .. Frame(9, 0, 1, block[5..9]), .. Frame(9, EndHeaders, 1, block[9..]),
            .. Frame(0x42, 0xFF, 1, 9, 9), .. Frame(0, Padded, 1, [2, .. "abc"u8, 0, 0]), .. Frame(6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8),
            .. Frame(8, 0, 0, 0, 0, 1, 0), .. Frame(0, 0, 1, [.. "defgh"u8]), .. Frame(2, 0, 3, 0, 0, 0, 0, 1), .. Frame(1, EndHeaders | EndStream, 1, trailers),
            .. Frame(1, EndHeaders | EndStream, 3, Block("GET", "/")), .. Frame(3, 0, 3, 0, 0, 0, 8), .. Frame(6, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1),
        ];
        string whole = Serve(input);
        Assert.Contains("POST /echo abcdefgh sum: 3", whole);
        Assert.Contains("GET / ", whole);
        for (int at = 1; at < input.Length; at++) Assert.Equal(whole, Serve(input[..at], input[at..]));
        Assert.Equal(whole, Serve([.. input.Select(static one => new[] { one })]));
    }

    [Fact]
    public void Header_block_may_be_cut_into_frames_anywhere_and_its_parts_are_no_block()
    {
        byte[] block = Block("POST", "/echo");
        for (int at = 0; at <= block.Length; at++)
        {
            string heard = Serve(
                Preface.Bytes.ToArray(), Frame(4, 0, 0), Frame(1, EndStream, 1, block[..at]), Frame(9, 0, 1), Frame(9, EndHeaders, 1, block[at..]));
            Assert.StartsWith("POST /echo ", heard);
            if (at == block.Length) continue;
            try
            {
                Assert.True(new HpackDecoder(4096).Decode(block.AsSpan(0, at), new HeaderList(), 4096));
            }
            catch (HpackException)
            {
                // A part is either whole fields or refused; nothing else may come out.
            }
        }
    }

    /// <returns>The requests as they were heard, then how often each kind of frame came back.</returns>
    private static string Serve(params byte[][] pieces)
    {
        var loop = new TestLoop();
        var peer = new RawPeer(loop, handshake: false);
        var heard = new StringBuilder();
        var serving = loop.RunAsync(() => HearAsync(peer.UnderTest, heard));
        foreach (byte[] piece in pieces) peer.Send(piece);
        peer.Close();
        Assert.True(serving.IsCompletedSuccessfully);
        var frames = peer.Received.Where(static frame => frame.Type is 6 or 7 or 3).Select(static frame => $"{frame.Type} {frame.Flags} {frame.StreamId} {Convert.ToHexString(frame.Payload)}");
        return heard + string.Join(", ", frames);
    }

    private static async Task HearAsync(Http2Connection connection, StringBuilder heard)
    {
        var streams = new List<Task>();
        while (await connection.AcceptAsync() is { } stream) streams.Add(HearAsync(stream, heard));
        await Task.WhenAll(streams);
    }

    private static async Task HearAsync(Http2Stream stream, StringBuilder heard)
    {
        string body = await Bodies.ReadTextAsync(stream.Input);
        heard.Append($"{Heads.Text(stream.Headers, ":method")} {Heads.Text(stream.Headers, ":path")} {body} {stream.Trailers?.ToString().TrimEnd()}\n");
    }

    /// <summary>With and without Huffman code, from both tables.</summary>
    private static byte[] Block(string method, string path)
    {
        var head = Heads.Of((":method", method), (":scheme", "https"), (":path", path), (":authority", "catalog.shop.mesh"), ("x-own", "\u007e?"), ("cookie", "a=b"));
        return new HpackEncoder().Encode(head).ToArray();
    }
}
