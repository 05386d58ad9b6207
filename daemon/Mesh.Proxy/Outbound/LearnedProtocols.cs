using Mesh.Io;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Outbound;

/// <summary>For whom and where a protocol was detected. By source, so that no workload decides how another's connections are treated.</summary>
internal readonly record struct LearnedKey(string Source, string Service, int Port);

/// <summary>What ports of undeclared protocol turned out to speak, on one loop. A hint only: it decides when to dial and how long to wait, never
/// what the bytes are, so that a wrong one costs time and nothing else.</summary>
internal sealed class LearnedProtocols(Loop loop)
{
    /// <summary>About 200 KiB. Beyond it everything is learned anew, which costs one connection each.</summary>
    private const int MaxEntries = 2048;

    /// <summary>Services change what they speak when they are deployed anew; until then each connection confirms it.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly Dictionary<LearnedKey, Entry> known = [];

    private readonly record struct Entry(DetectionResult Result, long Since);

    public int Count => known.Count;

    /// <returns>Null: nothing is known, or not any more.</returns>
    public DetectionResult? Of(in LearnedKey key)
    {
        if (!known.TryGetValue(key, out var entry)) return null;
        if (loop.Time.GetElapsedTime(entry.Since) < Lifetime) return entry.Result;
        known.Remove(key);
        return null;
    }

    public void Learn(in LearnedKey key, DetectionResult result)
    {
        if (result == DetectionResult.Closed) return;
        if (known.Count >= MaxEntries && !known.ContainsKey(key)) known.Clear();
        known[key] = new Entry(result, loop.Time.GetTimestamp());
    }
}
