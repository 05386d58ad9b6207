using Google.Protobuf;
using Mesh.Control.Config;
using Mesh.Protocol.Config;

namespace Mesh.Kit.Control;

/// <summary>Messages as the resource cache announces them.</summary>
public static class ConfigChanges
{
    /// <summary>A resource that is new or changed, under the name that it gives itself.</summary>
    public static ConfigChange Of(IMessage message)
    {
        var fields = message.Descriptor.Fields;
        string name = $"{fields["namespace"].Accessor.GetValue(message)}/{fields["name"].Accessor.GetValue(message)}";
        string url = ConfigTypes.UrlOf(message.Descriptor);
        return new ConfigChange(url, name, new CachedResource(url, name, "1", message.ToByteString()));
    }

    /// <summary>Messages of one type that are in force, in no order.</summary>
    public static IEnumerable<T> All<T>(this ResourceCache cache)
        where T : IMessage<T> => cache.Resources.Select(static resource => resource.Parse()).OfType<T>();

    public static ConfigChange Gone(IMessage message) => Of(message) with { Resource = null };
}
