namespace Mesh.Store;

/// <param name="Name">User or component, as authenticated.</param>
/// <param name="Audited">False for the controller's own bookkeeping of status, which would drown the changes that people made.</param>
public sealed record ChangeAuthor(string Name, bool Audited = true);
