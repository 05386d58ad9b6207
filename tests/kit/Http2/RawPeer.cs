using System.Buffers;
using System.Buffers.Binary;
using Mesh.Http.Http2;
using Mesh.Kit.Connections;

namespace Mesh.Kit.Http2;

public sealed record RawFrame(byte Type, byte Flags, int StreamId, byte[] Payload)
{
    /// <summary>Of GOAWAY and RST_STREAM.</summary>
    public ErrorCode Code => (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(Payload.AsSpan(Type == 7 ? 4 : 0));
}

/// <summary>A peer that sends any bytes at all to a connection under test and records the frames that come back.</summary>
public sealed class RawPeer
{
    private readonly TestLoop loop;
    private readonly MemoryConnection wire;
    private readonly List<byte> unparsed = [];

    /// <param name="againstServer">The connection under test is a server; otherwise a client.</param>
    /// <param name="bufferBytes">What the connection under test may send before it has to wait for <see cref="Collect"/>.</param>
    public RawPeer(TestLoop loop, bool againstServer = true, Http2Limits? limits = null, Http2Settings? settings = null, bool handshake = true, int bufferBytes = 4 * 1024 * 1024)
    {
        this.loop = loop;
        var (near, far) = MemoryConnection.Pair(loop, bufferBytes: bufferBytes);
        wire = near;
        UnderTest = againstServer
            ? Http2Connection.Server(far, settings ?? Http2Settings.Server, limits)
            : Http2Connection.Client(far, settings ?? Http2Settings.Client, limits);
        Run = loop.RunAsync(UnderTest.RunAsync);
        if (handshake) Send(againstServer ? [.. Preface.Bytes, .. Frame(4, 0, 0)] : Frame(4, 0, 0));
        if (handshake) Send(Frame(4, 1, 0));
    }

    public Http2Connection UnderTest { get; }

    public Task Run { get; }

    public List<RawFrame> Received { get; } = [];

    /// <summary>The code of the GOAWAY that came; null if none did.</summary>
    public ErrorCode? GoAway => Received.LastOrDefault(frame => frame.Type == 7)?.Code;

    /// <summary>Codes of RST_STREAM frames for that stream.</summary>
    public IEnumerable<ErrorCode> Resets(int streamId) =>
        Received.Where(frame => frame.Type == 3 && frame.StreamId == streamId).Select(frame => frame.Code);

    public static byte[] Frame(byte type, byte flags, int streamId, params byte[] payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, 9);
        return frame;
    }

    /// <summary>All at once, then lets the loop run and reads what came back.</summary>
    public RawPeer Send(params byte[] bytes)
    {
        wire.Output.Write(bytes);
        _ = wire.Output.FlushAsync();
        loop.RunUntilIdle();
        Collect();
        return this;
    }

    public RawPeer SendByteByByte(byte[] bytes)
    {
        foreach (byte one in bytes) Send(one);
        return this;
    }

    public void Close()
    {
        wire.Output.Complete();
        loop.RunUntilIdle();
        Collect();
    }

    public void Collect()
    {
        try
        {
            while (Take()) loop.RunUntilIdle();
        }
        catch (Mesh.Io.ConnectionBrokenException)
        {
            // The connection under test gave up; what it said before is collected.
        }
        Parse();
    }

    /// <summary>Reads what is there and does not let the loop run.</summary>
    /// <returns>Whether more may come.</returns>
    public bool Take()
    {
        if (!wire.Input.TryRead(out var result)) return false;
        unparsed.AddRange(result.Buffer.ToArray());
        wire.Input.AdvanceTo(result.Buffer.End);
        return !result.IsCompleted;
    }

    private void Parse()
    {
        if (unparsed.Count >= 24 && Preface.Bytes.SequenceEqual(unparsed.Take(24).ToArray())) unparsed.RemoveRange(0, 24);
        while (unparsed.Count >= 9)
        {
            int length = unparsed[0] << 16 | unparsed[1] << 8 | unparsed[2];
            if (unparsed.Count < 9 + length) return;
            int streamId = BinaryPrimitives.ReadInt32BigEndian(unparsed.Skip(5).Take(4).ToArray());
            Received.Add(new RawFrame(unparsed[3], unparsed[4], streamId, [.. unparsed.Skip(9).Take(length)]));
            unparsed.RemoveRange(0, 9 + length);
        }
    }
}
