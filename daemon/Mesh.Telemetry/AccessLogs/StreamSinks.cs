using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>One JSON object a line.</summary>
public sealed class JsonAccessSink(Stream output) : IAccessSink
{
    // Relaxed: a log is not HTML, and escaped slashes and ampersands are hard to read. Control characters and quotes are still escaped.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ArrayBufferWriter<byte> batch = new(64 * 1024);

    public void Write(AccessRecord record)
    {
        using (var json = new Utf8JsonWriter(batch, Options))
        {
            json.WriteStartObject();
            AccessFields.ForEach(record, json, static (json, name, value, isNumber) =>
            {
                json.WritePropertyName(name);
                if (isNumber) json.WriteRawValue(value);
                else json.WriteStringValue(value);
            });
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
            batch.ResetWrittenCount(); // a batch that cannot be written is lost, not kept: memory is bounded
        }
    }
}

/// <summary>One line of name=value pairs for people; values with spaces, quotes or control characters are quoted.</summary>
public sealed class TextAccessSink(Stream output) : IAccessSink
{
    private readonly StringBuilder batch = new();

    public void Write(AccessRecord record)
    {
        batch.Append("access");
        AccessFields.ForEach(record, batch, static (batch, name, value, _) =>
        {
            batch.Append(' ').Append(name).Append('=');
            AppendValue(batch, value);
        });
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

    private static void AppendValue(StringBuilder batch, string value)
    {
        if (value.AsSpan().IndexOfAnyInRange('\0', ' ') < 0 && !value.Contains('"', StringComparison.Ordinal)) batch.Append(value);
        else batch.Append($"\"{JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"");
    }
}
