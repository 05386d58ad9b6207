using System.Buffers;
using System.Text;
using Mesh.Io;
using Mesh.Io.Framing;
using Mesh.Kit.Connections;
using Mesh.Proxy.Tunnels;

namespace Mesh.Tests.Fuzz.Tunnels;

/// <summary>A direct tunnel as either side hears it, frames with an opening or an answer and bytes in them: the same wherever it is split, and its end ends the reading.</summary>
internal sealed class DirectTunnelTarget : IFuzzTarget
{
    private static readonly byte[] Open = [0, 18, .. new byte[10], 255, 255, 10, 0, 0, 1, 0x1F, 0x90];

    public string Name => "direct-tunnel";

    public IEnumerable<byte[]> Seeds =>
    [
        [.. Frame(Open), .. Frame([.. "application"u8]), .. Frame([.. "bytes"u8]), .. Frame([])],
        [.. Frame([.. Open[..7]]), .. Frame([.. Open[7..], .. "more"u8]), .. Frame([])],
        [.. Frame([0, 19, .. Open[2..], 7]), 255, 255, 255, 255, .. "to the end"u8],
        [.. Frame([0, 2, 0, 200]), .. Frame([.. "answer"u8]), .. Frame([])],
        [.. Frame([0, 8, 1, 0xF7, .. "not me"u8]), .. Frame([])],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        var pieces = Pieces.Of(input);
        foreach (bool server in (bool[])[true, false]) Assert.Equal(Read([bytes], server), Read(pieces, server));
    }

    private static string Read(List<byte[]> pieces, bool server)
    {
        var loop = new TestLoop();
        var (near, far) = MemoryConnection.Pair(loop, bufferBytes: 1 << 24);
        var heard = new StringBuilder();
        loop.Run(async () =>
        {
            var reading = ReadAsync(new FramedConnection(far, far.LocalAddress, far.RemoteAddress), server, heard);
            foreach (byte[] piece in pieces)
            {
                near.Output.Write(piece);
                _ = near.Output.FlushAsync();
                for (int turns = 0; turns < 3; turns++) await Task.Yield();
            }
            await near.Output.CompleteAsync();
            await reading;
        });
        return heard.ToString();
    }

    private static async Task ReadAsync(FramedConnection stream, bool server, StringBuilder heard)
    {
        try
        {
            if (server) heard.Append(await DirectHead.ReadOpenAsync(stream));
            else heard.Append(await DirectHead.AskAsync(stream, IpPort.Parse("10.0.0.1:80")));
            while (true)
            {
                var read = await stream.Input.ReadAsync();
                heard.Append(Encoding.Latin1.GetString(read.Buffer));
                stream.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
            heard.Append(" ended");
        }
        catch (ConnectionBrokenException broken)
        {
            heard.Append(broken.Kind);
        }
    }

    private static byte[] Frame(byte[] data) => [(byte)(data.Length >> 24), (byte)(data.Length >> 16), (byte)(data.Length >> 8), (byte)data.Length, .. data];
}
