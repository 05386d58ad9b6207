namespace Mesh.Resources.Specs;

internal sealed class TelemetryPolicySpec : PolicySpec
{
    public AccessLogSpec? AccessLog { get; set; }

    public TracingSpec? Tracing { get; set; }
}

internal sealed class AccessLogSpec
{
    public string? Format { get; set; }

    public double Sampling { get; set; } = 100;

    public bool LogErrors { get; set; } = true;

    public AccessLogFilterSpec? Filter { get; set; }

    public Dictionary<string, string> Labels { get; set; } = [];
}

internal sealed class AccessLogFilterSpec
{
    public uint? MinStatus { get; set; }

    public string? MinDuration { get; set; }
}

internal sealed class TracingSpec
{
    public bool Enabled { get; set; } = true;

    public double Sampling { get; set; } = 1;
}
