using Mesh.Io;
using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>Whether a client's connection may have a replica now, and which not: what the configuration names, and pauses after failures.</summary>
internal sealed class ReplicaChoice
{
    /// <summary>How long the first read waits for its replica; later ones do not.</summary>
    public static readonly TimeSpan ConnectPatience = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly IReplicaSource source;
    private readonly Loop loop;
    private readonly Action onImpatient;
    private readonly LoopTimer patience;
    private (ReadReplicas Settings, ServicePortModel Service)? replicas;
    private Snapshot? seen;
    private int failures; // in a row
    private long retryAt;

    public ReplicaChoice(IReplicaSource source, Loop loop, Action onImpatient)
    {
        (this.source, this.loop, this.onImpatient) = (source, loop, onImpatient);
        patience = new LoopTimer(loop.Timers, static self => ((ReplicaChoice)self!).LosePatience(), this);
    }

    /// <summary>Null: every command is for the primary.</summary>
    public ReadReplicas? Settings => replicas?.Settings;

    /// <summary>A read waits for a connection that is being made.</summary>
    public bool IsPatient { get; private set; } = true;

    /// <summary>Who has failed last.</summary>
    public EndpointModel? Failed { get; private set; }

    /// <returns>Whether there are other replicas than before.</returns>
    public bool Refresh(Snapshot snapshot)
    {
        if (ReferenceEquals(seen, snapshot)) return false;
        seen = snapshot;
        var before = replicas?.Service.Endpoints;
        replicas = source.Current(snapshot);
        return !ReferenceEquals(before, replicas?.Service.Endpoints);
    }

    /// <returns>Where to connect; null: nowhere now.</returns>
    public ServicePortModel? Try(long now)
    {
        if (replicas is not { } to || to.Service.Endpoints.Length == 0 || now < retryAt) return null;
        if (IsPatient) patience.Arm(ConnectPatience);
        return to.Service;
    }

    public void Succeeded()
    {
        (IsPatient, Failed) = (false, null);
        patience.Cancel();
    }

    /// <summary>It was left for another reason than a failure.</summary>
    public void Left() => (Failed, failures, retryAt) = (null, 0, 0);

    /// <param name="hasAnswered">It ended after it had served.</param>
    public void Fail(EndpointModel? endpoint, bool hasAnswered)
    {
        Failed = endpoint;
        failures = hasAnswered ? 0 : failures + 1;
        var pause = failures == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, 1 << Math.Min(failures - 1, 8)));
        retryAt = loop.Time.GetTimestamp() + (long)(pause.TotalSeconds * loop.Time.TimestampFrequency);
    }

    public void Stop() => patience.Cancel();

    private void LosePatience()
    {
        IsPatient = false;
        onImpatient();
    }
}
