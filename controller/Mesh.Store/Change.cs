using Mesh.Resources;

namespace Mesh.Store;

public enum ChangeKind
{
    Create,
    Update,
    Delete,
}

/// <summary>One wish of a batch. The store itself sets uid, creationTimestamp, generation and resourceVersion.</summary>
/// <param name="Resource">What to store; null for a deletion.</param>
/// <param name="ExpectedVersion">resourceVersion that the resource must have now; null: any.</param>
public sealed record Change(ChangeKind Kind, ResourceKey Key, Resource? Resource, long? ExpectedVersion)
{
    public static Change Create(Resource resource) => new(ChangeKind.Create, resource.Key, resource, null);

    public static Change Update(Resource resource, long? expectedVersion = null) => new(ChangeKind.Update, resource.Key, resource, expectedVersion);

    public static Change Delete(ResourceKey key, long? expectedVersion = null) => new(ChangeKind.Delete, key, null, expectedVersion);
}
