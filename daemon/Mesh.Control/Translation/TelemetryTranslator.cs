using System.Collections.Frozen;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Mesh.Telemetry.AccessLogs;
using AccessLogFilter = Mesh.Proxy.Configuration.AccessLogFilter;

namespace Mesh.Control.Translation;

/// <summary>Which TelemetryPolicy decides what is recorded about whom: section by section the most specific, then the oldest, then by name.</summary>
internal sealed class TelemetryTranslator
{
    private readonly ResourceGroups groups;
    private readonly Source[] sources;
    private readonly Dictionary<(AccessLogModel, TracingModel), TelemetryModel> models = [];

    /// <summary>A policy with its sections translated.</summary>
    private sealed record Source(TelemetryPolicy Policy, AccessLogModel? AccessLog, TracingModel? Tracing);

    public TelemetryTranslator(ResourceGroups groups)
    {
        this.groups = groups;
        sources = [.. groups.TelemetryPolicies
            .OrderBy(static p => p.CreatedUnixMs).ThenBy(static p => p.Namespace, StringComparer.Ordinal).ThenBy(static p => p.Name, StringComparer.Ordinal)
            .Select(static p => new Source(p, p.AccessLog is { } log ? AccessLog(log) : null, p.Tracing is { } tracing ? Tracing(tracing) : null))];
    }

    public TelemetryTable Translate()
    {
        if (sources.Length == 0) return TelemetryTable.Empty;
        var mesh = Choose(static target => target.Mesh ? 1 : 0, "");
        return new TelemetryTable
        {
            Mesh = mesh,
            WorkloadsByUid = Differing(mesh, groups.Workloads, static w => $"{w.Namespace}/{w.Name}", w => Choose(target => Rank(target, w), w.Namespace)),
            GatewaysByKey = Differing(mesh, groups.Gateways, static g => $"{g.Namespace}/{g.Name}", g => Choose(Rank, g.Namespace)),
        };
    }

    private static FrozenDictionary<string, TelemetryModel> Differing<T>(TelemetryModel mesh, IEnumerable<T> all, Func<T, string> key, Func<T, TelemetryModel> of) =>
        all.Select(item => KeyValuePair.Create(key(item), of(item))).Where(entry => entry.Value != mesh).ToFrozenDictionary();

    /// <param name="rank">Of a target in the given namespace; 0: it does not concern the subject.</param>
    private TelemetryModel Choose(Func<Target, int> rank, string subjectNamespace)
    {
        (Source? log, int logRank, Source? trace, int traceRank) = (null, 0, null, 0);
        foreach (var source in sources)
        {
            int found = 0;
            foreach (var target in source.Policy.Targets)
            {
                if (target.Mesh || source.Policy.Namespace == subjectNamespace) found = Math.Max(found, rank(target));
            }
            if (source.AccessLog is not null && found > logRank) (log, logRank) = (source, found);
            if (source.Tracing is not null && found > traceRank) (trace, traceRank) = (source, found);
        }
        var sections = (log?.AccessLog ?? AccessLogModel.Default, trace?.Tracing ?? TracingModel.Default);
        if (!models.TryGetValue(sections, out var model)) models.Add(sections, model = new TelemetryModel(sections.Item1, sections.Item2));
        return model;
    }

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

    private static AccessLogModel AccessLog(AccessLogSettings log) => new()
    {
        Format = log.Format switch
        {
            AccessLogSettings.Types.Format.OfDaemon => AccessLogFormat.Default,
            AccessLogSettings.Types.Format.Text => AccessLogFormat.Text,
            AccessLogSettings.Types.Format.Json => AccessLogFormat.Json,
            _ => throw new NotSupportedException($"the access log format {log.Format} is not known to this version"),
        },
        Sampling = Sampling(log.SamplingPpm),
        LogErrors = log.LogErrors,
        Filter = log.Filter is { } filter ? new AccessLogFilter(checked((int)filter.MinStatus), TimeSpan.FromMilliseconds(filter.MinDurationMs)) : null,
        Extra = log.Labels.Count > 0 ? new ConstantFields([.. log.Labels.Select(static label => (label.Name, label.Value))]) : null,
    };

    private static TracingModel Tracing(TracingSettings tracing) => new(!tracing.Disabled, Sampling(tracing.SamplingPpm));

    private static Sampling Sampling(uint partsPerMillion) => partsPerMillion <= 1_000_000
        ? new Sampling(partsPerMillion)
        : throw new ArgumentException($"{partsPerMillion} parts per million are more than all");
}
