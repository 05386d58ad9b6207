using Mesh.Http;
using Mesh.Http.Hpack;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;

namespace Mesh.Tests.Fuzz.Http2;

/// <summary>A server connection with any frames on it: ends without a fault when its input has, and holds no more than its windows allow.</summary>
internal sealed class FrameTarget : IFuzzTarget
{
    /// <summary>The windows' 16 MiB with room for the endings of many streams; a connection without bounds reaches more with a few thousand frames.</summary>
    private const long MaxAllocatedBytes = 64 * 1024 * 1024;

    public string Name => "http2";

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] start = [.. Preface.Bytes, .. RawPeer.Frame(4, 0, 0), .. RawPeer.Frame(4, 1, 0)];
            byte[] get = Head("GET", "/bytes/70000");
            byte[] post = Head("POST", "/");
            yield return [.. start, .. RawPeer.Frame(1, 5, 1, get), .. RawPeer.Frame(8, 0, 0, 0, 1, 0, 0), .. RawPeer.Frame(8, 0, 1, 0, 1, 0, 0)];
            yield return [.. start, .. RawPeer.Frame(1, 4, 1, post), .. RawPeer.Frame(0, 0, 1, [.. "abc"u8]), .. RawPeer.Frame(0, 9, 1, 2, 1, 0, 0)];
            yield return [.. start, .. RawPeer.Frame(1, 1, 3, get[..4]), .. RawPeer.Frame(9, 4, 3, get[4..]), .. RawPeer.Frame(3, 0, 3, 0, 0, 0, 8)];
            yield return [.. start, .. RawPeer.Frame(6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8), .. RawPeer.Frame(4, 0, 0, 0, 4, 0, 0, 0, 9, 0, 5, 0, 0, 64, 0)];
            yield return [.. start, .. RawPeer.Frame(1, 36, 5, [0, 0, 0, 0, 16, .. get]), .. RawPeer.Frame(2, 0, 5, 0, 0, 0, 0, 1), .. RawPeer.Frame(7, 0, 0, new byte[8])];
        }
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        Serve([input.ToArray()]);
        Serve(Pieces.Of(input));
    }

    private static void Serve(List<byte[]> pieces)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var loop = new TestLoop();
        var (client, server) = MemoryConnection.Pair(loop, bufferBytes: 4 * 1024 * 1024);
        var run = loop.RunAsync(() => Http2EchoServer.ServeAsync(server, Http2Settings.Server));
        foreach (byte[] piece in pieces)
        {
            if (!Send(client, piece)) break;
            loop.RunUntilIdle();
        }
        if (!client.IsOver) client.Output.Complete();
        loop.RunUntilIdle();
        loop.Advance(TimeSpan.FromMinutes(2));
        Assert.True(run.IsCompleted, "the connection does not end when its input has");
        if (run.Exception?.InnerException is { } error) Assert.IsType<ConnectionBrokenException>(error);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocatedBytes, $"{pieces.Sum(static piece => piece.Length)} bytes made it allocate {allocated}");
    }

    private static bool Send(MemoryConnection client, byte[] piece)
    {
        try
        {
            piece.CopyTo(client.Output.GetMemory(Math.Max(4096, piece.Length)));
            client.Output.Advance(piece.Length);
            _ = client.Output.FlushAsync();
            return true;
        }
        catch (ConnectionBrokenException)
        {
            return false;
        }
    }

    private static byte[] Head(string method, string path)
    {
        var head = new HeaderList();
        head.Add(":method", method);
        head.Add(":scheme", "http");
        head.Add(":path", path);
        head.Add(":authority", "shop.mesh");
        return new HpackEncoder().Encode(head).ToArray();
    }
}
