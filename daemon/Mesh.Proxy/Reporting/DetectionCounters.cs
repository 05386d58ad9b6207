using Mesh.Telemetry;
using Mesh.Telemetry.Metrics;

namespace Mesh.Proxy.Reporting;

/// <summary>Detections of one loop by service and result.</summary>
internal sealed class DetectionCounters(MetricShard shard)
{
    /// <summary>Beyond it counters are looked up anew; their series stay.</summary>
    private const int MaxEntries = 4096;

    private readonly Dictionary<(string Service, DetectionResult Result), Counter> known = [];

    public void Count(string service, DetectionResult result)
    {
        if (!known.TryGetValue((service, result), out var counter))
        {
            if (known.Count >= MaxEntries) known.Clear();
            known[(service, result)] = counter = shard.Counter(MeshMetrics.ProtocolDetections, result.ToLabel(), service);
        }
        counter.Increment();
    }
}
