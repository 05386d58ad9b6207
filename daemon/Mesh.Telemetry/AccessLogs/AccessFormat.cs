using System.Buffers.Text;
using System.Text;
using Mesh.Telemetry.Traffic;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>Turns records into bytes without allocating. All formats show the same fields in the same order; one writing thread uses one.</summary>
/// <param name="index">Its place among the formats, from 0 to <see cref="Count"/>.</param>
public abstract class AccessFormat(int index)
{
    internal const int Count = 3;

    /// <summary>Longer names of routes and reasons are cut.</summary>
    private const int MaxName = 256;

    private readonly TimeText time = new();

    internal int Index => index;

    /// <summary>Appends the record, with what begins and ends it.</summary>
    public void Append(in AccessRecord record, ByteBatch batch)
    {
        Begin(record, time.Format(record.Start), batch);
        AppendMilliseconds(record.Duration, batch);
        Optional(AccessFields.Method, record.Method, batch);
        Optional(record.Method.IsEmpty ? AccessFields.ServerName : AccessFields.Authority, record.Authority, batch);
        Optional(AccessFields.Path, record.Path, batch);
        AppendOutcome(record, batch);
        AppendAddress(AccessFields.SourceAddress, record.SourceAddress, batch);
        AppendAddress(AccessFields.DestinationAddress, record.DestinationAddress, batch);
        AppendAddress(AccessFields.EndpointAddress, record.EndpointAddress, batch);
        AppendName(AccessFields.Route, record.RouteName, batch);
        Optional(AccessFields.RequestId, record.RequestId, batch);
        Optional(AccessFields.TraceId, record.TraceId, batch);
        batch.Append(record.Labels.EncodedBy(this));
        if (record.Extra is { } extra) batch.Append(extra.EncodedBy(this));
        End(batch);
    }

    /// <summary>Writes what stands before the first field, and the field start_time.</summary>
    protected abstract void Begin(in AccessRecord record, ReadOnlySpan<byte> startTime, ByteBatch batch);

    /// <param name="value">Bytes from anywhere; to be escaped.</param>
    protected internal abstract void Text(AccessField field, ReadOnlySpan<byte> value, ByteBatch batch);

    /// <param name="digits">A JSON number.</param>
    protected abstract void Number(AccessField field, ReadOnlySpan<byte> digits, ByteBatch batch);

    protected abstract void End(ByteBatch batch);

    private void AppendOutcome(in AccessRecord record, ByteBatch batch)
    {
        if (record.ResponseCode > 0) AppendNumber(AccessFields.ResponseCode, record.ResponseCode, batch);
        if (record.GrpcStatus is { } status) AppendNumber(AccessFields.GrpcStatus, status, batch);
        Text(AccessFields.ResponseFlags, record.Flags.ToUtf8(), batch);
        AppendName(AccessFields.FailureReason, record.FailureReason, batch);
        AppendNumber(AccessFields.BytesReceived, record.BytesReceived, batch);
        AppendNumber(AccessFields.BytesSent, record.BytesSent, batch);
    }

    private void Optional(AccessField field, ReadOnlySpan<byte> value, ByteBatch batch)
    {
        if (!value.IsEmpty) Text(field, value, batch);
    }

    private void AppendName(AccessField field, string? value, ByteBatch batch)
    {
        if (string.IsNullOrEmpty(value)) return;
        Span<byte> bytes = stackalloc byte[3 * MaxName];
        int length = Encoding.UTF8.GetBytes(value.AsSpan(0, Math.Min(value.Length, MaxName)), bytes);
        Text(field, bytes[..length], batch);
    }

    private void AppendAddress(AccessField field, in AccessAddress address, ByteBatch batch)
    {
        Span<byte> text = stackalloc byte[AccessAddress.MaxText];
        Optional(field, text[..address.Format(text)], batch);
    }

    private void AppendNumber(AccessField field, long value, ByteBatch batch)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out int length);
        Number(field, digits[..length], batch);
    }

    /// <summary>With three decimals at most.</summary>
    private void AppendMilliseconds(TimeSpan duration, ByteBatch batch)
    {
        Span<byte> digits = stackalloc byte[24];
        long micros = (long)duration.TotalMicroseconds;
        Utf8Formatter.TryFormat(micros / 1000, digits, out int length);
        int rest = (int)(micros % 1000);
        if (rest > 0)
        {
            digits[length++] = (byte)'.';
            for (int scale = 100; rest > 0; rest %= scale, scale /= 10) digits[length++] = (byte)('0' + rest / scale);
        }
        Number(AccessFields.Duration, digits[..length], batch);
    }
}
