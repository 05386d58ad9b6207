namespace Mesh.Resources;

/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Namespace">Empty for kinds that belong to no namespace.</param>
public readonly record struct ResourceKey(string Group, string Kind, string Namespace, string Name)
{
    /// <summary>"namespace/name", or the name alone.</summary>
    public string Path => Namespace.Length == 0 ? Name : Namespace + "/" + Name;

    public override string ToString() => $"{Kind} {Path}";
}
