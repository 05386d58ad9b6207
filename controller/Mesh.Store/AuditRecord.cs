using Mesh.Resources;

namespace Mesh.Store;

/// <param name="Version">Version of the store that the change made.</param>
/// <param name="Before">Document before; null when it was created.</param>
/// <param name="After">Document after; null when it was deleted.</param>
public sealed record AuditRecord(long Version, DateTimeOffset Time, string Who, ChangeKind What, ResourceKey Key, string? Before, string? After);
