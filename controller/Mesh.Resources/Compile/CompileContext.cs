using System.Text.Json.Nodes;
using Google.Protobuf;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

/// <summary>One compilation: what is compiled, and what has come out so far. One thread.</summary>
internal sealed class CompileContext(ResourceSet resources, CompileOptions options, CompiledGraph previous)
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, CompiledResource>> types = [];
    private readonly Dictionary<ResourceKey, JsonObject> statuses = [];
    private readonly List<ResourceError> problems = [];

    public ResourceSet Resources { get; } = resources;

    public CompileOptions Options { get; } = options;

    /// <summary>Keeps the previous object where the content is the same, so that finding what changed is a comparison of references. So do whole types.</summary>
    public void Emit(string typeUrl, string name, IMessage message)
    {
        if (!types.TryGetValue(typeUrl, out var resources))
            types[typeUrl] = resources = new Dictionary<string, CompiledResource>();

        var known = previous.OfType(typeUrl).GetValueOrDefault(name);
        ((Dictionary<string, CompiledResource>)resources)[name] = known is not null && known.Message.Equals(message) ? known : CompiledResource.Of(name, message);
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
        foreach (var url in types.Keys.ToList())
        {
            var before = previous.OfType(url);
            if (before.Count == types[url].Count && types[url].All(entry => ReferenceEquals(before.GetValueOrDefault(entry.Key), entry.Value)))
                types[url] = before;
        }

        return new CompileResult(new CompiledGraph(types), statuses, problems);
    }
}
