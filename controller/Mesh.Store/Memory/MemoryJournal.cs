using System.Collections.Immutable;
using Mesh.Resources;

namespace Mesh.Store.Memory;

/// <summary>Durable as long as the object: the twin of SQLite for tests and simulations, which may open it again after a "crash".</summary>
internal sealed class MemoryJournal(StoreLimits limits) : IJournal
{
    private StoreSnapshot saved = new(ResourceSet.Empty, 0);
    private ImmutableList<AuditRecord> records = [];

    public StoreSnapshot Load() => saved;

    public void Commit(long version, IReadOnlyList<StoreEvent> events, IReadOnlyList<AuditRecord> audit)
    {
        var resources = saved.Resources;
        foreach (var happened in events)
            resources = happened.Type == StoreEventType.Deleted ? resources.Without(happened.Resource.Key) : resources.With(happened.Resource);

        saved = new StoreSnapshot(resources, version);
        var all = records.AddRange(audit);
        records = all.RemoveRange(0, Math.Max(0, all.Count - limits.AuditRecords));
    }

    public IReadOnlyList<AuditRecord> ReadAudit(long? before, int limit) =>
        [.. records.Reverse().Where(record => before is null || record.Version < before).Take(limit)];
}
