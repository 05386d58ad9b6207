using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Mesh.Controller.Hosting;

internal static class ProgramVersion
{
    /// <summary>1.30: the Kubernetes API conventions that clients may expect here (server-side validation, OpenAPI 3, no OpenAPI 2).</summary>
    private const int kubernetesMinor = 30;

    public static string Text { get; } = typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>version.Info of Kubernetes.</summary>
    public static JsonObject Document() => new()
    {
        ["major"] = "1",
        ["minor"] = kubernetesMinor.ToString(),
        ["gitVersion"] = $"v1.{kubernetesMinor}.0+mesh-{Text.Split('+')[0]}",
        ["gitCommit"] = Text.Split('+').ElementAtOrDefault(1) ?? "",
        ["platform"] = $"linux/{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        ["meshVersion"] = Text,
    };
}
