using Mesh.Proxy.Workloads;

namespace Mesh.Capture;

/// <summary>What happens to local workloads, for log, metrics and the report to the controller. Called on the thread pool, never twice at once for one
/// workload; must return quickly.</summary>
public abstract class CaptureEvents
{
    public static readonly CaptureEvents None = new Silent();

    /// <summary>Its listeners are open and its enrolment is durable.</summary>
    public virtual void Started(LocalWorkload workload)
    {
    }

    public virtual void Stopped(string uid, string reason)
    {
    }

    /// <param name="retryAfter">Null when nothing is retried: whoever enrolled it was told.</param>
    public virtual void Failed(string uid, string reason, TimeSpan? retryAfter)
    {
    }

    /// <param name="differences">Empty: traffic is redirected as it should be.</param>
    public virtual void Verified(string uid, IReadOnlyList<string> differences)
    {
    }

    /// <summary>A record on disk cannot be used; it stays there for the operator.</summary>
    public virtual void RecordUnreadable(string path, string reason)
    {
    }

    /// <summary>A request on the node socket was refused or broken.</summary>
    public virtual void RequestFailed(string reason)
    {
    }

    private sealed class Silent : CaptureEvents;
}
