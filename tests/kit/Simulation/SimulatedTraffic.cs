using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;

namespace Mesh.Kit.Simulation;

/// <summary>Remembers what a node says about its traffic.</summary>
internal sealed class SimulatedTraffic : ITrafficReporter
{
    private const int MaxKept = 10_000;

    private readonly Queue<Failure> failures = new();

    public IEnumerable<Failure> Failures => failures;
    public int HttpCount { get; private set; }
    public int TcpCount { get; private set; }

    public void HttpFinished(int loop, in HttpOutcome outcome)
    {
        HttpCount++;
        Keep(outcome.Failure);
    }

    public void Upgraded(int loop, TrafficParties parties)
    {
        // Only ends are recorded.
    }

    public void Http2Failed(int loop, Http2Side side, Mesh.Http.Http2.ErrorCode code)
    {
        // Streams and their failures are reported by who carried them.
    }

    public void TcpOpened(int loop, TrafficParties parties) => TcpCount++;

    public void TcpClosed(int loop, in TcpOutcome outcome) => Keep(outcome.Failure);

    public void RedisEnded(int loop, TrafficParties parties, RedisCommand command, RedisResult result, TimeSpan duration, int count)
    {
        // Commands are counted by the tests that send them.
    }

    public void RedisOpaque(int loop, TrafficParties parties, string reason)
    {
        // Nobody asks in a simulation.
    }

    public void RedisReplayed(int loop, TrafficParties parties, string reason, int count)
    {
        // As the above.
    }

    public void ProtocolDetected(int loop, ServicePortModel service, DetectionResult result)
    {
        // Invariants are about what was carried.
    }

    public void ConnectionRefused(int loop, TelemetryModel telemetry, LocalWorkloadState? workload, IpPort client, IpPort destination, Failure failure) => Keep(failure);

    private void Keep(Failure? failure)
    {
        if (failure is null) return;
        failures.Enqueue(failure);
        if (failures.Count > MaxKept) failures.Dequeue();
    }
}
