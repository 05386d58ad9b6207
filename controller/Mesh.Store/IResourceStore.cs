using Mesh.Resources;

namespace Mesh.Store;

/// <summary>
/// Versioned resources with watch. Reads are taken from an immutable snapshot and never wait; writes are serialized, atomic and durable
/// before anybody sees them. Any thread.
/// </summary>
public interface IResourceStore
{
    StoreSnapshot Current { get; }

    /// <summary>
    /// Runs <paramref name="decide"/> alone against the newest state and commits all of its changes or none. Exceptions of
    /// <paramref name="decide"/> pass through and change nothing. A change that alters nothing is left out of the result.
    /// </summary>
    /// <exception cref="StoreConflictException">A change expects another version, or creates what exists, or touches what does not.</exception>
    Task<IReadOnlyList<StoreEvent>> WriteAsync(ChangeAuthor author, Func<ResourceSet, IReadOnlyList<Change>> decide, CancellationToken cancellation = default);

    /// <summary>What <see cref="WriteAsync"/> would do now, without doing it.</summary>
    /// <exception cref="StoreConflictException">As there.</exception>
    IReadOnlyList<StoreEvent> Preview(Func<ResourceSet, IReadOnlyList<Change>> decide);

    /// <summary>Every event after <paramref name="version"/>, without gaps, in order.</summary>
    /// <exception cref="VersionExpiredException">The version is older than the history kept; also thrown from the stream when its reader falls too far behind.</exception>
    IAsyncEnumerable<StoreEvent> WatchAsync(long version, CancellationToken cancellation = default);

    /// <summary>Newest first.</summary>
    /// <param name="before">Only records of versions below this; null: from the newest.</param>
    IReadOnlyList<AuditRecord> ReadAudit(long? before, int limit);
}
