using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Mesh.Telemetry.AccessLogs;
using AccessLogFilter = Mesh.Proxy.Configuration.AccessLogFilter;

namespace Mesh.Control.Translation;

/// <summary>Which TelemetryPolicy decides what is recorded about whom: section by section the most specific, then the oldest, then by name.</summary>
internal sealed class TelemetryTranslator
{
    private readonly Dictionary<string, Source> sources = new(StringComparer.Ordinal);
    private readonly TargetIndex<Source> byTarget = new();

    /// <summary>A policy with its sections translated.</summary>
    private sealed record Source(TelemetryPolicy Policy, AccessLogModel? AccessLog, TracingModel? Tracing);

    /// <summary>Of whatever no policy names.</summary>
    public TelemetryModel Mesh { get; private set; } = TelemetryModel.Default;

    /// <exception cref="NotSupportedException">It cannot be carried out.</exception>
    /// <exception cref="ArgumentException">Likewise.</exception>
    public static void Check(TelemetryPolicy policy) => _ = ToSource(policy);

    /// <param name="policy">Null: it is gone.</param>
    /// <param name="concerned">Gets whom the policy concerned before and concerns now.</param>
    public void Set(string name, TelemetryPolicy? policy, WorkloadScope concerned)
    {
        var source = policy is null ? null : ToSource(policy);
        if (source is null) sources.Remove(name);
        else sources[name] = source;
        byTarget.Set(name, policy?.Namespace, policy?.Targets, source, concerned);
        Mesh = Choose(sources.Values, static target => target.Mesh ? 1 : 0, "");
    }

    public TelemetryModel Of(Workload workload) => Choose(byTarget.Candidates(workload), target => Rank(target, workload), workload.Namespace);

    public TelemetryModel Of(Gateway gateway) => Choose(sources.Values, Rank, gateway.Namespace);

    /// <param name="rank">Of a target in the given namespace; 0: it does not concern the subject.</param>
    private static TelemetryModel Choose(IReadOnlyCollection<Source> candidates, Func<Target, int> rank, string subjectNamespace)
    {
        if (candidates.Count == 0) return TelemetryModel.Default;
        (Source? log, int logRank, Source? trace, int traceRank) = (null, 0, null, 0);
        foreach (var source in InOrder(candidates))
        {
            int found = 0;
            foreach (var target in source.Policy.Targets)
            {
                if (target.Mesh || source.Policy.Namespace == subjectNamespace) found = Math.Max(found, rank(target));
            }
            if (source.AccessLog is not null && found > logRank) (log, logRank) = (source, found);
            if (source.Tracing is not null && found > traceRank) (trace, traceRank) = (source, found);
        }
        return log is null && trace is null
            ? TelemetryModel.Default
            : new TelemetryModel(log?.AccessLog ?? AccessLogModel.Default, trace?.Tracing ?? TracingModel.Default);
    }

    private static IEnumerable<Source> InOrder(IReadOnlyCollection<Source> candidates) => candidates
        .OrderBy(static s => s.Policy.CreatedUnixMs)
        .ThenBy(static s => s.Policy.Namespace, StringComparer.Ordinal)
        .ThenBy(static s => s.Policy.Name, StringComparer.Ordinal);

    private static int Rank(Target target, Workload workload)
    {
        if (target.Workload.Length > 0) return target.Workload == $"{workload.Namespace}/{workload.Name}" ? 4 : 0;
        foreach (var (key, value) in target.Selector)
        {
            if (!workload.Labels.TryGetValue(key, out string? own) || own != value) return 0;
        }
        return target.Selector.Count > 0 ? 3 : Rank(target);
    }

    /// <summary>Of a gateway: nothing but its namespace and the mesh.</summary>
    private static int Rank(Target target) => target.Mesh ? 1 : target.Workload.Length > 0 || target.Selector.Count > 0 || target.Service.Length > 0 ? 0 : 2;

    private static Source ToSource(TelemetryPolicy policy) =>
        new(policy, policy.AccessLog is { } log ? ToModel(log) : null, policy.Tracing is { } tracing ? ToModel(tracing) : null);

    private static AccessLogModel ToModel(AccessLogSettings log) => new()
    {
        Format = log.Format switch
        {
            AccessLogSettings.Types.Format.OfDaemon => AccessLogFormat.Default,
            AccessLogSettings.Types.Format.Text => AccessLogFormat.Text,
            AccessLogSettings.Types.Format.Json => AccessLogFormat.Json,
            _ => throw new NotSupportedException($"the access log format {log.Format} is not known to this version"),
        },
        Sampling = ToSampling(log.SamplingPpm),
        LogErrors = log.LogErrors,
        Filter = log.Filter is { } filter ? new AccessLogFilter(checked((int)filter.MinStatus), TimeSpan.FromMilliseconds(filter.MinDurationMs)) : null,
        Extra = log.Labels.Count > 0 ? new ConstantFields([.. log.Labels.Select(static label => (label.Name, label.Value))]) : null,
    };

    private static TracingModel ToModel(TracingSettings tracing) => new(!tracing.Disabled, ToSampling(tracing.SamplingPpm));

    private static Sampling ToSampling(uint partsPerMillion) => partsPerMillion <= 1_000_000
        ? new Sampling(partsPerMillion)
        : throw new ArgumentException($"{partsPerMillion} parts per million are more than all");
}
