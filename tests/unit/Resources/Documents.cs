using System.Text;
using Mesh.Resources;
using Mesh.Resources.Compile;
using Mesh.Resources.Reading;

namespace Mesh.Tests.Unit.Resources;

internal static class Documents
{
    public static LoadedResources Load(string yaml) => ResourceLoader.Load(Encoding.UTF8.GetBytes(yaml), "shop.yaml");

    /// <summary>Resources that must be valid.</summary>
    public static ResourceSet Set(string yaml)
    {
        var loaded = Load(yaml);
        Assert.Empty(loaded.Errors);
        return ResourceSet.Of(loaded.Resources);
    }

    public static CompileResult Compile(string yaml) => ResourceCompiler.Compile(Set(yaml), new CompileOptions("cluster.local"));

    public static T Message<T>(CompileResult result, string typeUrl, string name) => (T)result.Graph.OfType(typeUrl)[name].Message;
}
