using Mesh.Resources;

namespace Mesh.Store;

/// <summary>Where commits become durable. One caller at a time, except <see cref="ReadAudit"/>.</summary>
internal interface IJournal
{
    /// <summary>The state at opening.</summary>
    StoreSnapshot Load();

    /// <summary>All of it or nothing; durable on return.</summary>
    void Commit(long version, IReadOnlyList<StoreEvent> events, IReadOnlyList<AuditRecord> audit);

    IReadOnlyList<AuditRecord> ReadAudit(long? before, int limit);
}
