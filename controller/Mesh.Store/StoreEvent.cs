using Mesh.Resources;

namespace Mesh.Store;

public enum StoreEventType
{
    Added,
    Modified,
    Deleted,
}

/// <param name="Resource">The new state; for a deletion the last state with the version of the deletion.</param>
/// <param name="Previous">The state before; null for an addition.</param>
public sealed record StoreEvent(StoreEventType Type, long Version, Resource Resource, Resource? Previous);
