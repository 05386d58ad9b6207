using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Mesh.Http;

/// <summary>Follows the frames of one direction of a WebSocket as its bytes go by (RFC 6455 5.2), to know where a frame of our own may be put in.
/// Reads nothing but headers.</summary>
public sealed class WebSocketFrames
{
    private const int MaxHeader = 14;

    private readonly byte[] header = new byte[MaxHeader];
    private int headerSeen;
    private ulong payloadLeft;

    /// <summary>The last byte seen ended a frame, or none was seen.</summary>
    public bool IsBetweenFrames => headerSeen == 0 && payloadLeft == 0;

    /// <param name="stopAtFrame">Reads no further than the end of the frame that is under way.</param>
    /// <returns>How many bytes were read.</returns>
    public long Read(in ReadOnlySequence<byte> bytes, bool stopAtFrame = false)
    {
        long read = 0;
        foreach (var part in bytes)
        {
            int used = Read(part.Span, stopAtFrame);
            read += used;
            if (used < part.Length) break;
        }
        return read;
    }

    /// <summary>A close frame with status 1001, "going away" (7.4.1).</summary>
    /// <param name="maskingKey">To a server; null to a client, whose frames are not masked (5.1).</param>
    /// <param name="destination">At least eight bytes.</param>
    public static int WriteGoingAway(uint? maskingKey, Span<byte> destination)
    {
        destination[0] = 0x88;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], 1001);
        destination[1] = 2;
        if (maskingKey is not { } key) return 4;
        destination[1] |= 0x80;
        BinaryPrimitives.WriteUInt32BigEndian(destination[2..], key);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)(1001 ^ key >> 16));
        return 8;
    }

    /// <summary>RFC 6455 4.2.2: what proves that the key was read by somebody who knows WebSocket.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "the algorithm of the protocol; it protects nothing")]
    public static byte[] AcceptKey(ReadOnlySpan<byte> key)
    {
        byte[] hash = SHA1.HashData([.. key, .. "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8]);
        return Encoding.ASCII.GetBytes(Convert.ToBase64String(hash));
    }

    private int Read(ReadOnlySpan<byte> bytes, bool stopAtFrame)
    {
        int at = 0;
        while (at < bytes.Length && !(stopAtFrame && IsBetweenFrames))
        {
            if (payloadLeft > 0)
            {
                int skipped = (int)Math.Min(payloadLeft, (ulong)(bytes.Length - at));
                payloadLeft -= (ulong)skipped;
                at += skipped;
                continue;
            }
            header[headerSeen++] = bytes[at++];
            if (headerSeen < 2 || headerSeen < HeaderLength) continue;
            payloadLeft = PayloadLength;
            headerSeen = 0;
        }
        return at;
    }

    private int HeaderLength => 2 + LengthBytes + ((header[1] & 0x80) != 0 ? 4 : 0);

    private int LengthBytes => (header[1] & 0x7F) switch
    {
        126 => 2,
        127 => 8,
        _ => 0,
    };

    private ulong PayloadLength => LengthBytes switch
    {
        2 => BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)),
        8 => BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(2)),
        _ => (ulong)(header[1] & 0x7F),
    };
}
