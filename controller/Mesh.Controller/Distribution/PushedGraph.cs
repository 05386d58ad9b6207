using System.Security.Cryptography;
using System.Text;
using Mesh.Resources.Compile;

namespace Mesh.Controller.Distribution;

/// <summary>A graph as it goes to the nodes.</summary>
/// <param name="Version">Hash of all names and versions: equal for equal content, after a restart and on another controller too.</param>
internal sealed record PushedGraph(CompiledGraph Graph, string Version)
{
    public static PushedGraph Of(CompiledGraph graph)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (typeUrl, resources) in graph.Types.OrderBy(static type => type.Key, StringComparer.Ordinal))
        {
            Append(hash, typeUrl);
            foreach (string name in resources.Keys.Order(StringComparer.Ordinal))
            {
                Append(hash, name);
                Append(hash, resources[name].Version);
            }
        }
        return new PushedGraph(graph, Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8)));
    }

    private static void Append(IncrementalHash hash, string text)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        hash.AppendData([0]);
    }
}
