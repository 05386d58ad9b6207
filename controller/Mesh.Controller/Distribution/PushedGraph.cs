using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mesh.Resources.Compile;

namespace Mesh.Controller.Distribution;

/// <summary>A graph as it goes to the nodes. What changed is found out once for all of them.</summary>
internal sealed class PushedGraph
{
    private readonly UInt128 sum;
    private readonly string? before;
    private readonly ILookup<string, string> changed;

    private PushedGraph(CompiledGraph graph, UInt128 sum, string? before, ILookup<string, string> changed)
    {
        (Graph, this.sum, this.before, this.changed) = (graph, sum, before, changed);
        Version = (sum >> 64).ToString("x16");
    }

    public CompiledGraph Graph { get; }

    /// <summary>Hash of all names and versions: equal for equal content, after a restart and on another controller too. The sum of the hashes of
    /// each, so that a change costs what changed.</summary>
    public string Version { get; }

    public static PushedGraph Of(CompiledGraph graph)
    {
        UInt128 sum = 0;
        foreach (var (typeUrl, resources) in graph.Types)
        {
            foreach (var resource in resources.Values) sum += HashOf(typeUrl, resource);
        }
        return new PushedGraph(graph, sum, null, Array.Empty<string>().ToLookup(static name => name));
    }

    /// <summary>The one after this.</summary>
    public PushedGraph Then(CompiledGraph graph)
    {
        var differing = graph.ChangedSince(Graph).Where(entry => !ReferenceEquals(Find(Graph, entry), Find(graph, entry))).ToList();
        var next = sum;
        foreach (var entry in differing)
        {
            if (Find(Graph, entry) is { } old) next -= HashOf(entry.TypeUrl, old);
            if (Find(graph, entry) is { } added) next += HashOf(entry.TypeUrl, added);
        }
        return new PushedGraph(graph, next, Version, differing.ToLookup(static entry => entry.TypeUrl, static entry => entry.Name));
    }

    /// <returns>Names of that type that may differ from an older push; null: unknown, any may.</returns>
    public IEnumerable<string>? ChangedSince(PushedGraph older, string typeUrl)
    {
        if (ReferenceEquals(older.Graph.OfType(typeUrl), Graph.OfType(typeUrl))) return [];
        return before == older.Version ? changed[typeUrl] : null;
    }

    private static CompiledResource? Find(CompiledGraph graph, (string TypeUrl, string Name) entry) =>
        graph.OfType(entry.TypeUrl).GetValueOrDefault(entry.Name);

    private static UInt128 HashOf(string typeUrl, CompiledResource resource)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{typeUrl}\0{resource.Name}\0{resource.Version}"), hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
