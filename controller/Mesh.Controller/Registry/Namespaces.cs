using System.Text.Json.Nodes;
using Mesh.Resources;
using Mesh.Resources.Kinds;

namespace Mesh.Controller.Registry;

internal static class Namespaces
{
    /// <param name="name">A DNS label.</param>
    public static Resource Make(string name) => new(KindCatalog.Get("Namespace"), new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Namespace",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject(),
    });
}
