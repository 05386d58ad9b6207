using System.Reflection;

namespace Mesh.Daemon.Composition;

internal static class ProductVersion
{
    /// <summary>As in <c>meshd --version</c>.</summary>
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
