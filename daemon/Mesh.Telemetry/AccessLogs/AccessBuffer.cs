using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>Records as bytes, one after the other, in a circle. One thread writes, one reads. What is an object (names of the model in
/// force) stands beside them, as many places as records can fit.</summary>
internal sealed class AccessBuffer
{
    private const int Alignment = 8;
    private const int MinRecordBytes = 128;

    private readonly byte[] data;
    private readonly Names[] names;
    private long written; // bytes, by the loop
    private long read;    // bytes, by the writing thread
    private long begun;   // records, by the loop
    private long ended;   // records, by the writing thread
    private AccessBuffer? next;

    /// <param name="bytes">Power of two.</param>
    public AccessBuffer(int bytes)
    {
        data = new byte[bytes];
        names = new Names[bytes / MinRecordBytes];
    }

    private record struct Names(ConstantFields? Labels, ConstantFields? Extra, string? Route, string? FailureReason);

    public int Capacity => data.Length;

    /// <summary>The buffer that the loop uses after this one.</summary>
    public AccessBuffer? Next
    {
        get => Volatile.Read(ref next);
        set => Volatile.Write(ref next, value);
    }

    /// <summary>False if there is no room.</summary>
    public bool TryWrite(in AccessRecord record, out bool becameHalfFull)
    {
        becameHalfFull = false;
        var header = HeaderOf(record);
        long at = written;
        int toEnd = data.Length - Offset(at);
        long from = toEnd < header.Size ? at + toEnd : at;
        long used = at - Volatile.Read(ref read);
        if (from + header.Size - at + used > data.Length) return false;
        if (from != at) MemoryMarshal.Write(data.AsSpan(Offset(at)), 0);
        Copy(header, record, data.AsSpan(Offset(from), header.Size));
        names[begun++ & (names.Length - 1)] = new Names(record.Labels, record.Extra, record.RouteName, record.FailureReason);
        Volatile.Write(ref written, from + header.Size);
        becameHalfFull = used < data.Length / 2 && used + header.Size >= data.Length / 2;
        return true;
    }

    /// <summary>Hands what is there to the sink, oldest first. A record that the sink refuses with an exception is gone.</summary>
    /// <returns>How many.</returns>
    public int Drain(IAccessSink sink)
    {
        int count = 0;
        for (long end = Volatile.Read(ref written); read < end; count++)
        {
            var rest = data.AsSpan(Offset(read));
            if (MemoryMarshal.Read<int>(rest) == 0)
            {
                Volatile.Write(ref read, read + rest.Length);
                rest = data;
            }
            Hand(rest, sink);
        }
        return count;
    }

    private void Hand(ReadOnlySpan<byte> bytes, IAccessSink sink)
    {
        var header = MemoryMarshal.Read<AccessHeader>(bytes);
        ref var place = ref names[ended++ & (names.Length - 1)];
        var (labels, extra, route, reason) = place;
        place = default; // or an idle buffer would keep an old model alive
        try
        {
            sink.Write(RecordOf(header, bytes[Unsafe.SizeOf<AccessHeader>()..]) with { Labels = labels!, Extra = extra, RouteName = route, FailureReason = reason });
        }
        finally
        {
            Volatile.Write(ref read, read + header.Size);
        }
    }

    private int Offset(long position) => (int)(position & (data.Length - 1));

    private static AccessHeader HeaderOf(in AccessRecord record)
    {
        var header = new AccessHeader
        {
            Flags = record.Flags,
            StartTicks = record.Start.UtcTicks,
            DurationTicks = record.Duration.Ticks,
            BytesReceived = record.BytesReceived,
            BytesSent = record.BytesSent,
            Source = record.SourceAddress,
            Destination = record.DestinationAddress,
            Endpoint = record.EndpointAddress,
            ResponseCode = (short)record.ResponseCode,
            GrpcStatus = (short)(record.GrpcStatus ?? -1),
            MethodLength = (byte)Math.Min(record.Method.Length, 16),
            AuthorityLength = (byte)Math.Min(record.Authority.Length, 128),
            PathLength = (ushort)Math.Min(record.Path.Length, 256),
            RequestIdLength = (byte)Math.Min(record.RequestId.Length, 64),
            TraceIdLength = (byte)Math.Min(record.TraceId.Length, 32),
            Format = record.Format,
        };
        int size = Unsafe.SizeOf<AccessHeader>() + header.MethodLength + header.AuthorityLength + header.PathLength + header.RequestIdLength + header.TraceIdLength;
        header.Size = Math.Max(MinRecordBytes, (size + Alignment - 1) & -Alignment);
        return header;
    }

    private static void Copy(in AccessHeader header, in AccessRecord record, Span<byte> target)
    {
        MemoryMarshal.Write(target, header);
        target = target[Unsafe.SizeOf<AccessHeader>()..];
        Put(record.Method, header.MethodLength, ref target);
        Put(record.Authority, header.AuthorityLength, ref target);
        Put(record.Path, header.PathLength, ref target);
        Put(record.RequestId, header.RequestIdLength, ref target);
        Put(record.TraceId, header.TraceIdLength, ref target);
    }

    private static void Put(ReadOnlySpan<byte> text, int length, ref Span<byte> target)
    {
        text[..length].CopyTo(target);
        target = target[length..];
    }

    private static AccessRecord RecordOf(in AccessHeader header, ReadOnlySpan<byte> texts) => new()
    {
        Labels = null!,
        Flags = header.Flags,
        Start = new DateTimeOffset(header.StartTicks, TimeSpan.Zero),
        Duration = new TimeSpan(header.DurationTicks),
        BytesReceived = header.BytesReceived,
        BytesSent = header.BytesSent,
        SourceAddress = header.Source,
        DestinationAddress = header.Destination,
        EndpointAddress = header.Endpoint,
        ResponseCode = header.ResponseCode,
        GrpcStatus = header.GrpcStatus < 0 ? null : header.GrpcStatus,
        Method = Take(header.MethodLength, ref texts),
        Authority = Take(header.AuthorityLength, ref texts),
        Path = Take(header.PathLength, ref texts),
        RequestId = Take(header.RequestIdLength, ref texts),
        TraceId = Take(header.TraceIdLength, ref texts),
        Format = header.Format,
    };

    private static ReadOnlySpan<byte> Take(int length, scoped ref ReadOnlySpan<byte> texts)
    {
        var text = texts[..length];
        texts = texts[length..];
        return text;
    }
}
