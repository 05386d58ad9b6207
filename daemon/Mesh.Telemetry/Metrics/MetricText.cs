using System.Buffers;
using System.Globalization;
using System.Text;

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

    public static void Write(MetricRegistry registry, MetricFormat format, IBufferWriter<byte> output)
    {
        foreach (var family in registry.Families) WriteFamily(registry, family, format, output);
        if (format == MetricFormat.OpenMetrics) Put(output, "# EOF\n");
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

    private static void WriteFamily(MetricRegistry registry, MetricFamily family, MetricFormat format, IBufferWriter<byte> output)
    {
        var all = registry.Collect(family);
        if (all.Count == 0) return;
        // OpenMetrics names a counter's family without the suffix of its sample.
        string name = format == MetricFormat.OpenMetrics && family.Kind == MetricKind.Counter ? family.Name[..^"_total".Length] : family.Name;
        Put(output, $"# HELP {name} {Escape(family.Help, quote: format == MetricFormat.OpenMetrics)}\n# TYPE {name} {KindName(family.Kind)}\n");
        foreach (var series in all)
        {
            string labels = Labels(family, series.Labels);
            if (family.Kind == MetricKind.Histogram) WriteHistogram(family, series, labels, output);
            else WriteSample(output, family.Name, labels, series.Value);
        }
    }

    private static void WriteHistogram(MetricFamily family, Series series, string labels, IBufferWriter<byte> output)
    {
        string prefix = labels.Length == 0 ? "" : labels + ",";
        long total = 0;
        for (int i = 0; i < series.Counts.Length; i++)
        {
            total += series.Counts[i];
            string bound = i < family.Bounds.Count ? Bound(family.Bounds[i]) : "+Inf";
            WriteSample(output, family.Name + "_bucket", $"{prefix}le=\"{bound}\"", total);
        }
        WriteSample(output, family.Name + "_sum", labels, series.Sum);
        WriteSample(output, family.Name + "_count", labels, total);
    }

    private static void WriteSample(IBufferWriter<byte> output, string name, string labels, double value)
    {
        Put(output, name);
        if (labels.Length > 0) Put(output, $"{{{labels}}}");
        Put(output, $" {Number(value)}\n");
    }

    private static string Labels(MetricFamily family, LabelSet set)
    {
        var text = new StringBuilder();
        for (int i = 0; i < set.Values.Length; i++)
        {
            if (i > 0) text.Append(',');
            text.Append(family.LabelNames[i]).Append("=\"").Append(Escape(set.Values[i], quote: true)).Append('"');
        }
        return text.ToString();
    }

    private static string Escape(string text, bool quote)
    {
        if (text.AsSpan().IndexOfAny('\\', '\n', '"') < 0) return text;
        text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quote ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }

    // Bounds keep a decimal point so that both formats name a bucket alike ("1.0"): a series must not change its name with the format.
    private static string Bound(double bound)
    {
        string text = Number(bound);
        return text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text;
    }

    private static string Number(double value)
    {
        if (double.IsPositiveInfinity(value)) return "+Inf";
        if (double.IsNegativeInfinity(value)) return "-Inf";
        return value.ToString("R", CultureInfo.InvariantCulture);
    }

    private static string KindName(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    private static void Put(IBufferWriter<byte> output, string text)
    {
        var room = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, room));
    }
}
