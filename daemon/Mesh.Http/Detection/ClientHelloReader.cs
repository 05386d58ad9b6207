using System.Buffers;
using System.Buffers.Binary;

namespace Mesh.Http.Detection;

/// <summary>Finds the ClientHello in the first bytes of a connection (RFC 8446 4.1.2 and 5.1), however it is cut into records and segments, and reads the
/// server name. The bytes stay where they are. One per connection; it is shown the growing buffer again and again and walks each record once.</summary>
public sealed class ClientHelloReader
{
    /// <summary>Of the message. Clients with post-quantum key shares send 2 KiB, with a large ticket 4 KiB; other proxies stop at 16 KiB.</summary>
    public const int MaxHelloBytes = 16 * 1024;

    /// <summary>With the headers of the records: a client that cuts its hello into records of a few bytes is not served.</summary>
    public const int MaxBytes = 2 * MaxHelloBytes;

    private const int RecordHeaderBytes = 5;
    private const int MessageHeaderBytes = 4;
    private const int MaxRecordBytes = 1 << 14;
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;

    private long walked;      // where the next record begins
    private int helloBytes;   // of whole records before it
    private int neededBytes;  // of the message with its header; 0 while unknown
    private int records;

    /// <summary>The result once <see cref="Read"/> has said so.</summary>
    public ClientHello? Hello { get; private set; }

    /// <summary>Why not, for people.</summary>
    public string Problem { get; private set; } = "";

    /// <returns>True: the first record begins a ClientHello. False: it cannot. Null: more bytes are needed to tell.</returns>
    public static bool? IsClientHello(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[RecordHeaderBytes + 1];
        int length = (int)Math.Min(buffer.Length, start.Length);
        buffer.Slice(0, length).CopyTo(start);
        if (length > 0 && start[0] != HandshakeRecord || length > 1 && start[1] != 3 || length > 2 && start[2] > 4) return false;
        if (length > 4 && BinaryPrimitives.ReadUInt16BigEndian(start[3..]) is 0 or > MaxRecordBytes) return false;
        if (length <= RecordHeaderBytes) return null;
        return start[RecordHeaderBytes] == ClientHelloMessage;
    }

    /// <param name="buffer">All that has come so far, from the connection's first byte.</param>
    public ClientHelloState Read(in ReadOnlySequence<byte> buffer)
    {
        while (neededBytes == 0 || helloBytes < neededBytes)
        {
            if (Walk(buffer) is { } state) return state;
        }
        return Parse(buffer);
    }

    /// <summary>Passes one record.</summary>
    /// <returns>Null: go on.</returns>
    private ClientHelloState? Walk(in ReadOnlySequence<byte> buffer)
    {
        if (walked > MaxBytes) return Fail($"the ClientHello is spread over more than {MaxBytes} bytes");
        var rest = buffer.Slice(walked);
        Span<byte> header = stackalloc byte[RecordHeaderBytes];
        int come = (int)Math.Min(rest.Length, RecordHeaderBytes);
        rest.Slice(0, come).CopyTo(header);
        if (come > 0 && header[0] != HandshakeRecord || come > 1 && header[1] != 3 || come > 2 && header[2] > 4)
            return Fail("a record of another kind stands before the end of the ClientHello");
        if (come < RecordHeaderBytes) return ClientHelloState.NeedsMore;
        int length = BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
        if (length is 0 or > MaxRecordBytes) return Fail($"a handshake record has {length} bytes");
        if (neededBytes == 0 && ReadMessageHeader(buffer, rest.Slice(RecordHeaderBytes), length) is { } state) return state;
        if (rest.Length < RecordHeaderBytes + length) return ClientHelloState.NeedsMore;
        walked += RecordHeaderBytes + length;
        helloBytes += length;
        records++;
        return null;
    }

    /// <summary>As soon as its four bytes are there, so that what cannot become a ClientHello is not waited for.</summary>
    private ClientHelloState? ReadMessageHeader(in ReadOnlySequence<byte> buffer, in ReadOnlySequence<byte> record, int recordBytes)
    {
        Span<byte> header = stackalloc byte[MessageHeaderBytes];
        int before = Collect(buffer, walked, header[..helloBytes]);
        int come = (int)Math.Min(Math.Min(recordBytes, record.Length), MessageHeaderBytes - before);
        record.Slice(0, come).CopyTo(header[before..]);
        if (before + come > 0 && header[0] != ClientHelloMessage) return Fail($"the first handshake message is of type {header[0]}, not a ClientHello");
        if (before + come < MessageHeaderBytes) return null;
        header[0] = 0;
        int body = BinaryPrimitives.ReadInt32BigEndian(header);
        if (body > MaxHelloBytes) return Fail($"the ClientHello has {body} bytes, more than {MaxHelloBytes}");
        neededBytes = MessageHeaderBytes + body;
        return null;
    }

    private ClientHelloState Parse(in ReadOnlySequence<byte> buffer)
    {
        if (Hello is not null) return ClientHelloState.Read;
        // Bytes after the message in its last record would be a second message, which a client cannot have sent yet.
        if (helloBytes > neededBytes) return Fail("something follows the ClientHello in its record");
        var whole = buffer.Slice(RecordHeaderBytes, walked - RecordHeaderBytes);
        if (records == 1 && whole.IsSingleSegment) return Finish(whole.FirstSpan);
        byte[] gathered = ArrayPool<byte>.Shared.Rent(neededBytes);
        try
        {
            Collect(buffer, walked, gathered.AsSpan(0, neededBytes));
            return Finish(gathered.AsSpan(0, neededBytes));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(gathered);
        }
    }

    private ClientHelloState Finish(ReadOnlySpan<byte> message)
    {
        var body = new ClientHelloBody(message[MessageHeaderBytes..]);
        if (!body.TryRead(out var hello, out string problem)) return Fail(problem);
        Hello = hello;
        return ClientHelloState.Read;
    }

    /// <summary>Copies the contents of the records before a place.</summary>
    private static int Collect(in ReadOnlySequence<byte> buffer, long end, Span<byte> target)
    {
        int copied = 0;
        Span<byte> length = stackalloc byte[2];
        for (long at = 0; at < end && copied < target.Length;)
        {
            buffer.Slice(at + 3, 2).CopyTo(length);
            int bytes = BinaryPrimitives.ReadUInt16BigEndian(length);
            int taken = Math.Min(bytes, target.Length - copied);
            buffer.Slice(at + RecordHeaderBytes, taken).CopyTo(target[copied..]);
            copied += taken;
            at += RecordHeaderBytes + bytes;
        }
        return copied;
    }

    private ClientHelloState Fail(string problem)
    {
        Problem = problem;
        return ClientHelloState.Malformed;
    }
}
