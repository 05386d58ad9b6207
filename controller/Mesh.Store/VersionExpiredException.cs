namespace Mesh.Store;

/// <summary>Events since the asked version are no longer (or not) known: list again and watch from there.</summary>
public sealed class VersionExpiredException(long version) : Exception($"events since version {version} are not kept any more; list again and watch from the version of the list");
