using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Configuration;

/// <summary>What is recorded about a workload's or a gateway's traffic.</summary>
public sealed record TelemetryModel(AccessLogModel AccessLog, TracingModel Tracing)
{
    public static readonly TelemetryModel Default = new(AccessLogModel.Default, TracingModel.Default);
}

/// <summary>Chooses a share of what happens, by comparing random bits with a number.</summary>
public readonly struct Sampling
{
    private readonly ulong threshold; // of 2^32

    /// <param name="partsPerMillion">1,000,000: everything.</param>
    public Sampling(uint partsPerMillion) => threshold = ((ulong)partsPerMillion << 32) / 1_000_000;

    public static Sampling All => new(1_000_000);

    public bool Takes(uint bits) => bits < threshold;

    /// <summary>The share in percent.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{threshold * 100.0 / (1UL << 32):0.####} %");
}

/// <summary>Which records the access log gets, and how.</summary>
public sealed class AccessLogModel
{
    public static readonly AccessLogModel Default = new();

    public AccessLogFormat Format { get; init; }
    public Sampling Sampling { get; init; } = Sampling.All;

    /// <summary>Log every failure, whatever sampling and filter say.</summary>
    public bool LogErrors { get; init; } = true;

    /// <summary>Null: no filter.</summary>
    public AccessLogFilter? Filter { get; init; }

    /// <summary>Added to every record.</summary>
    public ConstantFields? Extra { get; init; }

    /// <param name="status">0 for a connection, or when no response was sent.</param>
    /// <param name="bits">Random, new for every call.</param>
    public bool Wants(int status, ResponseFlag flags, TimeSpan duration, uint bits)
    {
        if (LogErrors && (status >= 500 || flags != ResponseFlag.None)) return true;
        return Sampling.Takes(bits) && (Filter is null || Filter.Holds(status, duration));
    }
}

/// <summary>Any of what is given.</summary>
/// <param name="MinStatus">0: not given.</param>
/// <param name="MinDuration">Zero: not given.</param>
public sealed record AccessLogFilter(int MinStatus, TimeSpan MinDuration)
{
    public bool Holds(int status, TimeSpan duration) =>
        MinStatus > 0 && status >= MinStatus || MinDuration > TimeSpan.Zero && duration >= MinDuration;
}

/// <param name="Enabled">False: headers of traces and request ids pass untouched.</param>
/// <param name="Sampling">Of traces that begin here.</param>
public sealed record TracingModel(bool Enabled, Sampling Sampling)
{
    /// <summary>One in a hundred: the field's usual share, which a collector stands without being asked.</summary>
    public static readonly TracingModel Default = new(true, new Sampling(10_000));
}
