namespace Mesh.Capture.Enrolments;

/// <summary>Doubles from first to longest, each delay shortened at random by up to half, so that the workloads of a restarted machine spread out. Thread-safe.</summary>
internal sealed class RetrySchedule(TimeSpan first, TimeSpan longest, Random random)
{
    /// <param name="attempt">0 for the delay after the first failure.</param>
    internal TimeSpan Delay(int attempt)
    {
        double full = Math.Min(longest.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, 30)));
        lock (random) return TimeSpan.FromMilliseconds(full * (0.5 + random.NextDouble() / 2));
    }
}
