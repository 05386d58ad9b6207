namespace Mesh.Store;

public sealed class StoreLimits
{
    /// <summary>Events kept for watches that reconnect. 10,000 documents of 2 KB are 20 MB; fewer means more full lists after short outages.</summary>
    public int HistoryEvents { get; init; } = 10_000;

    /// <summary>Events that one watch may lag behind before it is told to list again.</summary>
    public int WatchBacklogEvents { get; init; } = 4096;

    /// <summary>Audit records kept; older ones go. At 4 KB each the log stays below half a gigabyte.</summary>
    public int AuditRecords { get; init; } = 100_000;
}
