using Mesh.Cni.Commands;
using Mesh.Cni.Spec;

namespace Mesh.Cni;

/// <summary>Chooses between the two ways in which the program is called: by a container runtime (CNI_COMMAND is set) or by a person.</summary>
internal static class Entry
{
    internal static int Run(string[] arguments, PluginHost host) =>
        host.Environment("CNI_COMMAND") is { Length: > 0 } verb ? Plugin.Run(verb, host) : CommandLine.Run(arguments, host);
}
