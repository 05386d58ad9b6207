using System.Globalization;
using System.Text;

namespace Mesh.Telemetry.Metrics;

/// <summary>How one family looks in one scrape: the parts that all its series share are made once, the series only copy bytes and write digits.</summary>
internal sealed class FamilyText
{
    private readonly MetricFamily family;
    private readonly byte[] name;
    private readonly byte[] bucket;
    private readonly byte[] sum;
    private readonly byte[] count;
    private readonly byte[][] bounds;

    public FamilyText(MetricFamily family, MetricFormat format)
    {
        this.family = family;
        (name, bucket, sum, count) = (Utf8(family.Name), Utf8(family.Name + "_bucket"), Utf8(family.Name + "_sum"), Utf8(family.Name + "_count"));
        bounds = family.Kind == MetricKind.Histogram ? [.. family.Bounds.Select(static bound => Utf8($"le=\"{Bound(bound)}\"")), Utf8("le=\"+Inf\"")] : [];
        bool open = format == MetricFormat.OpenMetrics;
        // OpenMetrics names a counter's family without the suffix of its sample.
        string shown = open && family.Kind == MetricKind.Counter ? family.Name[..^"_total".Length] : family.Name;
        Head = Utf8($"# HELP {shown} {MetricText.Escape(family.Help, quote: open)}\n# TYPE {shown} {KindName(family.Kind)}\n");
    }

    /// <summary>What stands before the first series.</summary>
    public byte[] Head { get; }

    public void Append(Series series, ByteBatch batch)
    {
        var labels = series.Labels.Text(family.LabelNames);
        if (family.Kind == MetricKind.Histogram) AppendHistogram(series, labels, batch);
        else AppendSample(name, labels, default, series.Value, batch);
    }

    private void AppendHistogram(Series series, ReadOnlySpan<byte> labels, ByteBatch batch)
    {
        long total = 0;
        for (int i = 0; i < bounds.Length; i++)
        {
            total += series.Count(i);
            AppendSample(bucket, labels, bounds[i], total, batch);
        }
        AppendSample(sum, labels, default, series.Sum, batch);
        AppendSample(count, labels, default, total, batch);
    }

    private static void AppendSample(byte[] name, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> bound, double value, ByteBatch batch)
    {
        batch.Append(name);
        if (labels.Length + bound.Length > 0)
        {
            batch.Append((byte)'{');
            batch.Append(labels);
            if (!labels.IsEmpty && !bound.IsEmpty) batch.Append((byte)',');
            batch.Append(bound);
            batch.Append((byte)'}');
        }
        batch.Append((byte)' ');
        AppendNumber(value, batch);
        batch.Append((byte)'\n');
    }

    private static void AppendNumber(double value, ByteBatch batch)
    {
        const double maxWhole = 1e15; // beyond it the shortest form has an exponent
        int length;
        if (double.IsInfinity(value))
        {
            batch.Append(value > 0 ? "+Inf"u8 : "-Inf"u8);
            return;
        }
        if (Math.Abs(value) < maxWhole && value == Math.Floor(value)) ((long)value).TryFormat(batch.Room(32), out length, default, CultureInfo.InvariantCulture);
        else value.TryFormat(batch.Room(32), out length, "R", CultureInfo.InvariantCulture);
        batch.Advance(length);
    }

    // Bounds keep a decimal point so that both formats name a bucket alike ("1.0"): a series must not change its name with the format.
    private static string Bound(double bound)
    {
        string text = bound.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text;
    }

    private static string KindName(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
