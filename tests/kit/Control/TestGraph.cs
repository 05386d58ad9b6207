using Google.Protobuf;
using Mesh.Resources.Compile;

namespace Mesh.Kit.Control;

/// <summary>A graph of compiled resources that a test changes as it likes.</summary>
public sealed class TestGraph : IGraphSource
{
    private readonly Dictionary<string, Dictionary<string, CompiledResource>> types = [];

    public CompiledGraph Current { get; private set; } = CompiledGraph.Empty;

    public event Action? Changed;

    /// <summary>Adds or replaces, by the "namespace" and "name" fields of each message; one change for all.</summary>
    public void Set(params IMessage[] messages)
    {
        foreach (var message in messages)
        {
            var resource = CompiledResource.Of($"{Field(message, "namespace")}/{Field(message, "name")}", message);
            Of(message)[resource.Name] = resource;
        }
        Publish([.. messages.Select(UrlOf)]);
    }

    public void Remove<T>(string name) where T : IMessage<T>, new()
    {
        Of(new T()).Remove(name);
        Publish([UrlOf(new T())]);
    }

    // Types that did not change keep their dictionary, as the compiler does.
    private void Publish(string[] changed)
    {
        var next = new Dictionary<string, IReadOnlyDictionary<string, CompiledResource>>();
        foreach (var (url, resources) in types)
            next[url] = changed.Contains(url) ? new Dictionary<string, CompiledResource>(resources) : Current.OfType(url);
        Current = new CompiledGraph(next);
        Changed?.Invoke();
    }

    private Dictionary<string, CompiledResource> Of(IMessage message)
    {
        if (!types.TryGetValue(UrlOf(message), out var resources)) types.Add(UrlOf(message), resources = []);
        return resources;
    }

    private static string UrlOf(IMessage message) => "type.mesh.internal/" + message.Descriptor.FullName;

    private static string Field(IMessage message, string name) => (string)message.Descriptor.FindFieldByName(name).Accessor.GetValue(message);
}
