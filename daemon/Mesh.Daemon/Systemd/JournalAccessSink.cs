using System.Buffers.Binary;
using System.Buffers.Text;
using Mesh.Telemetry;
using Mesh.Telemetry.AccessLogs;

namespace Mesh.Daemon.Systemd;

/// <summary>Access records as journal entries: <c>journalctl MESH_RESPONSE_FLAGS=UAEX</c>.</summary>
internal sealed class JournalAccessSink(Journal journal) : IAccessSink
{
    private readonly JournalAccessFormat format = new();
    private readonly ByteBatch entry = new();

    public void Write(in AccessRecord record)
    {
        entry.Clear();
        format.Append(record, entry);
        journal.Send(entry.Written);
    }

    public void Flush()
    {
    }
}

/// <summary>An access record as an entry of the journal's native protocol.</summary>
internal sealed class JournalAccessFormat() : AccessFormat(2)
{
    private readonly ByteBatch message = new();

    protected override void Begin(in AccessRecord record, ReadOnlySpan<byte> startTime, ByteBatch batch)
    {
        batch.Append("PRIORITY=6\nSYSLOG_IDENTIFIER=meshd-access\n"u8);
        Summarize(record);
        Field("MESSAGE"u8, message.Written, batch);
        Field("MESH_START_TIME"u8, startTime, batch);
    }

    protected override void Text(AccessField field, ReadOnlySpan<byte> value, ByteBatch batch) => Field(field.Journal, value, batch);

    protected override void Number(AccessField field, ReadOnlySpan<byte> digits, ByteBatch batch) => Field(field.Journal, digits, batch);

    protected override void End(ByteBatch batch)
    {
        // A field ends with its line.
    }

    /// <summary>NAME=value, or the form with a length when the value has lines of its own.</summary>
    private static void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ByteBatch batch)
    {
        batch.Append(name);
        if (value.Contains((byte)'\n'))
        {
            batch.Append((byte)'\n');
            BinaryPrimitives.WriteInt64LittleEndian(batch.Room(8), value.Length);
            batch.Advance(8);
        }
        else
        {
            batch.Append((byte)'=');
        }
        batch.Append(value);
        batch.Append((byte)'\n');
    }

    /// <summary>GET shop.mesh/cart 200 web-1 -> cart-1, and the reason if it failed.</summary>
    private void Summarize(in AccessRecord record)
    {
        message.Clear();
        if (record.Method.IsEmpty) message.AppendText(record.Labels["protocol"]);
        else SummarizeRequest(record);
        message.Append((byte)' ');
        message.AppendText(record.Labels["source_workload"]);
        message.Append(" -> "u8);
        message.AppendText(record.Labels["destination_workload"]);
        if (string.IsNullOrEmpty(record.FailureReason)) return;
        message.Append((byte)' ');
        message.AppendText(record.FailureReason);
    }

    private void SummarizeRequest(in AccessRecord record)
    {
        message.AppendEscaped(record.Method);
        message.Append((byte)' ');
        message.AppendEscaped(record.Authority);
        message.AppendEscaped(record.Path);
        message.Append((byte)' ');
        Utf8Formatter.TryFormat(record.ResponseCode, message.Room(11), out int length);
        message.Advance(length);
    }
}
