using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

/// <summary>One compilation: what is compiled, and what has come out so far. One thread.</summary>
internal sealed class CompileContext(ResourceSet resources, CompileOptions options, CompiledGraph previous)
{
    private readonly Dictionary<string, TypeOutput> types = [];
    private readonly Dictionary<ResourceKey, JsonObject> statuses = [];
    private readonly List<ResourceError> problems = [];

    public ResourceSet Resources { get; } = resources;

    public CompileOptions Options { get; } = options;

    /// <summary>What policies are attached to, there or not: when it comes, goes or changes, they must be compiled again.</summary>
    public HashSet<ResourceKey> Referred { get; } = [];

    /// <summary>Every resource of the type is going to be emitted: what is not, is gone.</summary>
    public void Begin(string typeUrl) => Output(typeUrl).Unseen.UnionWith(Output(typeUrl).Now.Keys);

    /// <summary>Keeps the previous object where the content is the same, so that finding what changed is a comparison of references. So do whole types.</summary>
    public void Emit(string typeUrl, string name, IMessage message)
    {
        var output = Output(typeUrl);
        output.Unseen.Remove(name);
        if (output.Now.TryGetValue(name, out var known) && known.Message.Equals(message))
            return;

        output.Now[name] = CompiledResource.Of(name, message);
        output.Changed.Add((typeUrl, name));
    }

    public void Remove(string typeUrl, string name)
    {
        if (Output(typeUrl).Now.Remove(name))
            Output(typeUrl).Changed.Add((typeUrl, name));
    }

    public void SetStatus(Resource resource, JsonObject status) => statuses[resource.Key] = status;

    public void Problem(Resource resource, string path, ErrorReason reason, string message) => problems.Add(new ResourceError(path, reason, message)
    {
        File = resource.Source?.File,
        Line = resource.Source?.LineOf(path) ?? 0,
        Resource = resource.ToString(),
    });

    public CompileResult Finish()
    {
        foreach (var (url, output) in types)
        {
            foreach (var gone in output.Unseen)
                Remove(url, gone);
        }

        var changed = types.Values.SelectMany(output => output.Changed).ToHashSet();
        var graph = changed.Count == 0 ? previous : new CompiledGraph(
            previous.Types.Keys.ToDictionary(url => url, url => types.TryGetValue(url, out var output) ? output.ToTypes() : previous.OfType(url)),
            previous,
            changed);
        return new CompileResult(graph, statuses, problems);
    }

    private TypeOutput Output(string typeUrl)
    {
        if (!types.TryGetValue(typeUrl, out var output))
            types[typeUrl] = output = new TypeOutput(previous.OfType(typeUrl));

        return output;
    }

    /// <summary>One type on its way from the previous graph to the next; shares with it what does not change.</summary>
    private sealed class TypeOutput(IReadOnlyDictionary<string, CompiledResource> before)
    {
        public ImmutableDictionary<string, CompiledResource>.Builder Now { get; } =
            (before as ImmutableDictionary<string, CompiledResource> ?? ImmutableDictionary.CreateRange(StringComparer.Ordinal, before)).ToBuilder();

        public HashSet<string> Unseen { get; } = new(StringComparer.Ordinal);

        public List<(string TypeUrl, string Name)> Changed { get; } = [];

        public IReadOnlyDictionary<string, CompiledResource> ToTypes() => Changed.Count == 0 ? before : Now.ToImmutable();
    }
}
