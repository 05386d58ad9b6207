using Mesh.Protocol.Config;
using Mesh.Resources.Schema;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

internal static class TelemetryPolicyCompiler
{
    public static TelemetryPolicy Message(Resource policy, TelemetryPolicySpec spec, IReadOnlyList<Target> targets)
    {
        var result = new TelemetryPolicy
        {
            Namespace = policy.Namespace,
            Name = policy.Name,
            CreatedUnixMs = policy.Created.ToUnixTimeMilliseconds(),
            AccessLog = spec.AccessLog is { } log ? AccessLog(log) : null,
            Tracing = spec.Tracing is { } tracing ? new TracingSettings { SamplingPpm = PartsPerMillion(tracing.Sampling), Disabled = !tracing.Enabled } : null,
        };
        result.Targets.AddRange(targets);
        return result;
    }

    private static AccessLogSettings AccessLog(AccessLogSpec log)
    {
        var result = new AccessLogSettings
        {
            Format = log.Format switch
            {
                "JSON" => AccessLogSettings.Types.Format.Json,
                "Text" => AccessLogSettings.Types.Format.Text,
                _ => AccessLogSettings.Types.Format.OfDaemon,
            },
            SamplingPpm = PartsPerMillion(log.Sampling),
            LogErrors = log.LogErrors,
            Filter = log.Filter is { } filter
                ? new AccessLogFilter { MinStatus = filter.MinStatus ?? 0, MinDurationMs = GatewayDuration.Milliseconds(filter.MinDuration) }
                : null,
        };
        foreach (var (name, value) in log.Labels.OrderBy(label => label.Key, StringComparer.Ordinal))
            result.Labels.Add(new AccessLogLabel { Name = name, Value = value });
        return result;
    }

    private static uint PartsPerMillion(double percent) => (uint)Math.Round(percent * 10_000);
}
