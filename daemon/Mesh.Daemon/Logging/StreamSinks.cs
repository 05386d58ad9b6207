using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Logging;

/// <summary>time LEVEL event message name=value …, on one line.</summary>
internal sealed class TextLogSink(Stream output) : ILogSink
{
    private readonly StringBuilder batch = new();

    public void Write(LogEntry entry)
    {
        batch.Append(entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        batch.Append(' ').Append(entry.Level.ToString().ToUpperInvariant()).Append(' ').Append(entry.Event).Append(' ');
        AppendLine(entry.Message);
        foreach (var field in entry.Fields)
        {
            batch.Append(' ').Append(field.Name).Append('=');
            AppendLine(field.Value.Contains(' ', StringComparison.Ordinal) ? $"\"{field.Value}\"" : field.Value);
        }
        batch.Append('\n');
    }

    public void Flush()
    {
        try
        {
            output.Write(Encoding.UTF8.GetBytes(batch.ToString()));
            output.Flush();
        }
        finally
        {
            batch.Clear();
        }
    }

    // What came from a peer must not be able to start a line of its own.
    private void AppendLine(string text)
    {
        foreach (char c in text) batch.Append(char.IsControl(c) ? ' ' : c);
    }
}

/// <summary>One JSON object a line.</summary>
internal sealed class JsonLogSink(Stream output) : ILogSink
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ArrayBufferWriter<byte> batch = new(4096);

    public void Write(LogEntry entry)
    {
        using (var json = new Utf8JsonWriter(batch, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("level", entry.Level.ToString().ToLowerInvariant());
            json.WriteNumber("id", entry.Id);
            json.WriteString("event", entry.Event);
            json.WriteString("message", entry.Message);
            foreach (var field in entry.Fields) json.WriteString(field.Name, field.Value);
            json.WriteEndObject();
        }
        batch.Write("\n"u8);
    }

    public void Flush()
    {
        try
        {
            output.Write(batch.WrittenSpan);
            output.Flush();
        }
        finally
        {
            batch.ResetWrittenCount();
        }
    }
}
