using Mesh.Resources;

namespace Mesh.Store;

/// <param name="Version">Version of the last committed change.</param>
public sealed record StoreSnapshot(ResourceSet Resources, long Version);
