using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Names that the mesh knows. Called on loops: answers from memory, never blocks.</summary>
public interface INameResolver
{
    /// <param name="name">Lower case, without the final dot.</param>
    bool TryResolve(string name, out NameAnswer answer);
}

/// <summary>Virtual addresses of a service; null in a family that it has none of.</summary>
public readonly record struct NameAnswer(Ip? V4, Ip? V6);
