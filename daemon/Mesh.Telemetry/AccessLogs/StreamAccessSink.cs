namespace Mesh.Telemetry.AccessLogs;

/// <summary>Writes lines to a stream, one write a batch.</summary>
/// <param name="format">Of records that do not say which.</param>
public sealed class StreamAccessSink(Stream output, AccessLogFormat format) : IAccessSink
{
    /// <summary>A larger batch is written in pieces of about this size, so that memory is bounded.</summary>
    private const int PieceBytes = 48 * 1024;

    private readonly JsonAccessFormat json = new();
    private readonly TextAccessFormat text = new();
    private readonly ByteBatch batch = new();

    public void Write(in AccessRecord record)
    {
        var wanted = record.Format == AccessLogFormat.Default ? format : record.Format;
        AccessFormat chosen = wanted == AccessLogFormat.Json ? json : text;
        chosen.Append(record, batch);
        if (batch.Length >= PieceBytes) Flush();
    }

    public void Flush()
    {
        try
        {
            output.Write(batch.Written);
            output.Flush();
        }
        finally
        {
            batch.Clear(); // what cannot be written is lost, not kept: memory is bounded
        }
    }
}
