using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Mesh.Io;
using Mesh.Io.Framing;

namespace Mesh.Proxy.Tunnels;

/// <summary>What a node answers to the opening of a direct tunnel.</summary>
/// <param name="Status">200, 400, 401 or 503, as HBONE has them.</param>
/// <param name="Reason">For people; empty with 200.</param>
internal readonly record struct DirectAnswer(int Status, string Reason);

/// <summary>How a stream of a direct tunnel begins. The client's first bytes are <c>length(2) address(16) port(2)</c>, the address of IPv4 in its mapped form;
/// the server's are <c>length(2) status(2) reason</c>, UTF-8. Lengths count what follows them; bytes beyond the fields are for later versions and passed over.
/// The application's bytes come after the answer.</summary>
internal static class DirectHead
{
    public const string Alpn = "mesh-direct/1";
    public const int Opened = 200;

    private const int PrefixBytes = 2;
    private const int AddressBytes = 16;
    private const int OpenBytes = AddressBytes + 2;
    private const int StatusBytes = 2;
    private const int MaxHeadBytes = 4096;

    /// <summary>Client: asks for the application at that address and waits for the answer.</summary>
    /// <exception cref="ConnectionBrokenException">No sensible answer came.</exception>
    public static async ValueTask<DirectAnswer> AskAsync(FramedConnection stream, IpPort application)
    {
        WriteOpen(stream.Output, application);
        await stream.Output.FlushAsync();
        var body = await ReadBodyAsync(stream.Input, StatusBytes, stream.RemoteAddress);
        var answer = ParseAnswer(body);
        stream.Input.AdvanceTo(body.End);
        return answer;
    }

    /// <summary>Server: where the client wants to go.</summary>
    /// <exception cref="ConnectionBrokenException">It is not a request.</exception>
    public static async ValueTask<IpPort> ReadOpenAsync(FramedConnection stream)
    {
        var body = await ReadBodyAsync(stream.Input, OpenBytes, stream.RemoteAddress);
        var application = ParseOpen(body);
        stream.Input.AdvanceTo(body.End);
        return application;
    }

    /// <summary>Server.</summary>
    public static async ValueTask AnswerAsync(FramedConnection stream, int status, string reason)
    {
        WriteAnswer(stream.Output, status, reason);
        await stream.Output.FlushAsync();
    }

    /// <summary>After a refusal, on both sides: ends the stream in order, so that its connection can be used again.</summary>
    public static async ValueTask EndAsync(FramedConnection stream)
    {
        await stream.Output.CompleteAsync();
        ReadResult read;
        do
        {
            read = await stream.Input.ReadAsync();
            stream.Input.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
    }

    private static void WriteOpen(PipeWriter output, IpPort application)
    {
        var head = output.GetSpan(PrefixBytes + OpenBytes);
        BinaryPrimitives.WriteUInt16BigEndian(head, OpenBytes);
        application.Address.WriteV6Bytes(head[PrefixBytes..]);
        BinaryPrimitives.WriteUInt16BigEndian(head[(PrefixBytes + AddressBytes)..], application.Port);
        output.Advance(PrefixBytes + OpenBytes);
    }

    private static void WriteAnswer(PipeWriter output, int status, string reason)
    {
        var head = output.GetSpan(MaxHeadBytes);
        Encoding.UTF8.TryGetBytes(reason, head[(PrefixBytes + StatusBytes)..MaxHeadBytes], out int reasonBytes);
        BinaryPrimitives.WriteUInt16BigEndian(head, (ushort)(StatusBytes + reasonBytes));
        BinaryPrimitives.WriteUInt16BigEndian(head[PrefixBytes..], (ushort)status);
        output.Advance(PrefixBytes + StatusBytes + reasonBytes);
    }

    private static IpPort ParseOpen(in ReadOnlySequence<byte> body)
    {
        Span<byte> fields = stackalloc byte[OpenBytes];
        body.Slice(0, OpenBytes).CopyTo(fields);
        return new IpPort(Ip.FromBytes(fields[..AddressBytes]), BinaryPrimitives.ReadUInt16BigEndian(fields[AddressBytes..]));
    }

    private static DirectAnswer ParseAnswer(in ReadOnlySequence<byte> body)
    {
        Span<byte> status = stackalloc byte[StatusBytes];
        body.Slice(0, StatusBytes).CopyTo(status);
        var reason = body.Slice(StatusBytes);
        return new DirectAnswer(BinaryPrimitives.ReadUInt16BigEndian(status), reason.IsEmpty ? "" : Encoding.UTF8.GetString(reason));
    }

    /// <returns>What follows the length; the caller advances to its end.</returns>
    private static async ValueTask<ReadOnlySequence<byte>> ReadBodyAsync(PipeReader input, int atLeast, IpPort peer)
    {
        while (true)
        {
            var read = await input.ReadAsync();
            var buffer = read.Buffer;
            if (TryTakeBody(buffer, atLeast, out var body)) return body;
            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted) throw new ConnectionBrokenException(BreakKind.Reset, $"the tunnel with {peer} was closed before it was opened");
        }
    }

    private static bool TryTakeBody(in ReadOnlySequence<byte> buffer, int atLeast, out ReadOnlySequence<byte> body)
    {
        body = default;
        if (buffer.Length < PrefixBytes) return false;
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        buffer.Slice(0, PrefixBytes).CopyTo(prefix);
        int length = BinaryPrimitives.ReadUInt16BigEndian(prefix);
        if (length < atLeast || length > MaxHeadBytes) throw new ConnectionBrokenException(BreakKind.Reset, $"a tunnel began with a head of {length} bytes");
        if (buffer.Length < PrefixBytes + length) return false;
        body = buffer.Slice(PrefixBytes, length);
        return true;
    }
}
