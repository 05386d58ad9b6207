using System.Collections.Concurrent;

namespace Mesh.Daemon.Admin;

/// <summary>What must have happened before the daemon is ready to carry traffic. Thread-safe.</summary>
public sealed class Readiness
{
    private readonly ConcurrentDictionary<string, byte> missing = new();
    private volatile bool draining;

    /// <summary>Adds a condition; until it is met the daemon is not ready.</summary>
    /// <param name="condition">For people, as in "configuration received".</param>
    public void Expect(string condition) => missing.TryAdd(condition, 0);

    public void Meet(string condition) => missing.TryRemove(condition, out _);

    /// <summary>Not ready any more, for good: no new traffic should come.</summary>
    public void Drain() => draining = true;

    public bool IsReady => missing.IsEmpty && !draining;

    /// <summary>What is missing, in no particular order.</summary>
    public IReadOnlyCollection<string> Missing => draining ? ["draining"] : [.. missing.Keys];
}
