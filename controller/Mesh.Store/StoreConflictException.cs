using Mesh.Resources;

namespace Mesh.Store;

public enum ConflictReason
{
    AlreadyExists,
    NotFound,
    VersionMismatch,
}

/// <summary>The state is not what the writer believed it to be; nothing was changed.</summary>
public sealed class StoreConflictException(ConflictReason reason, ResourceKey key, string message) : Exception(message)
{
    public ConflictReason Reason { get; } = reason;

    public ResourceKey Key { get; } = key;
}
