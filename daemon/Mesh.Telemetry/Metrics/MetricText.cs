using System.Buffers;
using System.Globalization;

namespace Mesh.Telemetry.Metrics;

public enum MetricFormat
{
    /// <summary>Prometheus text format 0.0.4.</summary>
    Prometheus,

    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,
}

/// <summary>Writes a registry for a scraper. Runs on any thread and stops no loop.</summary>
public static class MetricText
{
    private const int PieceBytes = 48 * 1024;
    private const string OpenMetricsType = "application/openmetrics-text";

    /// <summary>The better of the two formats for an Accept header (RFC 9110 12.5.1); Prometheus text for everything else.</summary>
    public static MetricFormat Negotiate(string? accept)
    {
        double openMetrics = 0, other = 0;
        foreach (string item in (accept ?? "").Split(','))
        {
            string[] parts = item.Split(';', StringSplitOptions.TrimEntries);
            bool isOpenMetrics = parts[0].Equals(OpenMetricsType, StringComparison.OrdinalIgnoreCase);
            double quality = Quality(parts);
            if (isOpenMetrics) openMetrics = Math.Max(openMetrics, quality);
            else if (parts[0] is "text/plain" or "text/*" or "*/*") other = Math.Max(other, quality);
        }
        return openMetrics > 0 && openMetrics >= other ? MetricFormat.OpenMetrics : MetricFormat.Prometheus;
    }

    public static string ContentType(MetricFormat format) => format == MetricFormat.OpenMetrics
        ? OpenMetricsType + "; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>A whole scrape.</summary>
    public static void Write(MetricRegistry registry, MetricFormat format, IBufferWriter<byte> output)
    {
        foreach (var piece in Pieces(registry, format)) output.Write(piece.Span);
    }

    /// <summary>A scrape piece by piece, so that one of 100,000 series holds no more memory than a small one. Each piece is valid until the next
    /// is asked for; numbers are read as their piece is made.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Pieces(MetricRegistry registry, MetricFormat format)
    {
        var batch = new ByteBatch();
        foreach (var (family, table) in registry.Tables)
        {
            var text = new FamilyText(family, format);
            batch.Append(text.Head);
            foreach (var series in table.All)
            {
                text.Append(series, batch);
                if (batch.Length < PieceBytes) continue;
                yield return batch.WrittenMemory;
                batch.Clear();
            }
        }
        if (format == MetricFormat.OpenMetrics) batch.Append("# EOF\n"u8);
        yield return batch.WrittenMemory;
    }

    internal static string Escape(string text, bool quote)
    {
        if (text.AsSpan().IndexOfAny('\\', '\n', '"') < 0) return text;
        text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quote ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }

    private static double Quality(string[] parts)
    {
        foreach (string part in parts.AsSpan(1))
        {
            if (part.StartsWith("q=", StringComparison.OrdinalIgnoreCase) && double.TryParse(part.AsSpan(2), CultureInfo.InvariantCulture, out double quality))
                return quality;
        }
        return 1;
    }
}
