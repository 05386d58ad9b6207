using System.Text.Json.Nodes;

namespace Mesh.Cni.Commands;

/// <summary>Where the container runtime looks. Inside a container these are mounts of the node's folders.</summary>
internal sealed record InstallOptions(string ProgramFolder, string ConfigFolder, string NodeSocket, bool Watch)
{
    /// <exception cref="UsageException">An option is unknown or lacks its value.</exception>
    internal static InstallOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new InstallOptions("/opt/cni/bin", "/etc/cni/net.d", "/run/mesh/node.sock", Watch: false);
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            string Value(ReadOnlySpan<string> all) => ++i < all.Length ? all[i] : throw new UsageException($"{name} needs a value");
            options = name switch
            {
                "--watch" => options with { Watch = true },
                "--bin-dir" => options with { ProgramFolder = Value(arguments) },
                "--conf-dir" => options with { ConfigFolder = Value(arguments) },
                "--node-socket" => options with { NodeSocket = Value(arguments) },
                _ => throw new UsageException($"unknown option {name}; see mesh-cni --help"),
            };
        }
        return options;
    }

    internal JsonObject Plugin() => new() { ["type"] = "mesh-cni", ["nodeSocket"] = NodeSocket };
}
