using System.Runtime.CompilerServices;
using Mesh.Resources;

namespace Mesh.Store;

/// <summary>
/// The store over a journal. Everything is also in memory: a mesh's configuration is small (10,000 resources are some 20 MB), and so lists
/// and watches never touch the disk.
/// </summary>
internal sealed class ResourceStore : IResourceStore, IDisposable
{
    private readonly IJournal journal;
    private readonly ChangeApplier applier;
    private readonly WatchHub hub;
    private readonly SemaphoreSlim writer = new(1, 1);
    private readonly TimeProvider time;

    private volatile StoreSnapshot current;

    public ResourceStore(IJournal journal, TimeProvider time, Random random, StoreLimits limits)
    {
        this.journal = journal;
        this.time = time;
        applier = new ChangeApplier(time, random);
        current = journal.Load();
        hub = new WatchHub(limits, current.Version);
    }

    public StoreSnapshot Current => current;

    public async Task<IReadOnlyList<StoreEvent>> WriteAsync(ChangeAuthor author, Func<ResourceSet, IReadOnlyList<Change>> decide, CancellationToken cancellation = default)
    {
        await writer.WaitAsync(cancellation);
        try
        {
            var (resources, events) = applier.Apply(current, decide(current.Resources));
            if (events.Count == 0)
                return events;

            var version = events[^1].Version;
            journal.Commit(version, events, author.Audited ? [.. events.Select(happened => Record(happened, author))] : []);
            current = new StoreSnapshot(resources, version);
            hub.Publish(events);
            return events;
        }
        finally
        {
            writer.Release();
        }
    }

    public IReadOnlyList<StoreEvent> Preview(Func<ResourceSet, IReadOnlyList<Change>> decide)
    {
        var now = current;
        return applier.Apply(now, decide(now.Resources)).Events;
    }

    public async IAsyncEnumerable<StoreEvent> WatchAsync(long version, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var watch = hub.Open(version);
        foreach (var happened in watch.Missed)
            yield return happened;

        await foreach (var happened in watch.Events.ReadAllAsync(cancellation))
            yield return happened;
    }

    public IReadOnlyList<AuditRecord> ReadAudit(long? before, int limit) => journal.ReadAudit(before, limit);

    public void Dispose()
    {
        (journal as IDisposable)?.Dispose();
        writer.Dispose();
    }

    private AuditRecord Record(StoreEvent happened, ChangeAuthor author) => new(
        happened.Version,
        time.GetUtcNow(),
        author.Name,
        happened.Type switch { StoreEventType.Added => ChangeKind.Create, StoreEventType.Deleted => ChangeKind.Delete, _ => ChangeKind.Update },
        happened.Resource.Key,
        happened.Previous?.Document.ToJsonString(),
        happened.Type == StoreEventType.Deleted ? null : happened.Resource.Document.ToJsonString());
}
