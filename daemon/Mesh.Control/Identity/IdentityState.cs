using Mesh.Control.Link;
using Mesh.Io.Tls;

namespace Mesh.Control.Identity;

/// <summary>One identity of this machine over time. On the control loop, except <see cref="Usable"/>.</summary>
internal sealed class IdentityState(SpiffeId id, Backoff backoff)
{
    private TaskCompletionSource ready = new();
    private TlsContext? usable;

    public SpiffeId Id => id;

    public Backoff Backoff => backoff;

    /// <summary>The newest certificate, expired or not; null before the first.</summary>
    public HeldCertificate? Held { get; private set; }

    public DateTimeOffset RenewAt { get; private set; }

    /// <summary>Why the last attempt failed; null after one that did not.</summary>
    public string? Problem { get; set; }

    /// <summary>Ends the wait of the loop that renews it.</summary>
    public CancellationTokenSource Forgotten { get; } = new();

    /// <summary>Completes at the next certificate.</summary>
    public Task Ready => ready.Task;

    /// <summary>The context in force; null when there is none or it ended. Any thread.</summary>
    public TlsContext? Usable(DateTimeOffset now) => Volatile.Read(ref usable) is { } context && now < context.NotAfter ? context : null;

    public void Adopt(HeldCertificate held, TlsContext context, DateTimeOffset renewAt)
    {
        (Held, RenewAt, Problem) = (held, renewAt, null);
        Volatile.Write(ref usable, context);
        backoff.Reset();
        var waiting = ready;
        ready = new();
        waiting.SetResult();
    }
}

/// <summary>For the configuration dump and the expiry metric.</summary>
/// <param name="NotAfter">Null: there is no certificate yet.</param>
/// <param name="Problem">Why the last attempt to get or renew failed.</param>
public sealed record IdentityStatus(SpiffeId Identity, DateTimeOffset? NotAfter, string? Problem);
