using System.Globalization;

namespace Mesh.Daemon.Systemd;

/// <summary>Tells the service manager that we live, twice per interval, as long as the given check agrees: a stuck loop gets the daemon restarted.</summary>
public sealed class Watchdog : IAsyncDisposable
{
    private readonly Notifier notifier;
    private readonly Func<Task<bool>> isAlive;
    private readonly ITimer timer;
    private int checking;

    /// <param name="interval">WatchdogSec of the unit.</param>
    public Watchdog(Notifier notifier, TimeSpan interval, TimeProvider time, Func<Task<bool>> isAlive)
    {
        (this.notifier, this.isAlive) = (notifier, isAlive);
        timer = time.CreateTimer(static state => _ = ((Watchdog)state!).CheckAsync(), this, TimeSpan.Zero, interval / 2);
    }

    /// <summary>The interval that the service manager set for this process; null if there is none (sd_watchdog_enabled(3)).</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static TimeSpan? Interval(Func<string, string?> variable, int processId)
    {
        if (!long.TryParse(variable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) || microseconds == 0) return null;
        string? meant = variable("WATCHDOG_PID");
        if (!string.IsNullOrEmpty(meant) && meant != processId.ToString(CultureInfo.InvariantCulture)) return null;
        return TimeSpan.FromMicroseconds(microseconds);
    }

    public ValueTask DisposeAsync() => timer.DisposeAsync();

    private async Task CheckAsync()
    {
        if (Interlocked.Exchange(ref checking, 1) != 0) return; // the previous check is still waiting: that is the answer
        try
        {
            if (await isAlive()) notifier.Watchdog();
        }
        finally
        {
            Volatile.Write(ref checking, 0);
        }
    }
}
