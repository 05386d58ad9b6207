using System.Text.Json.Nodes;

namespace Mesh.Kit.Machines;

/// <summary>Runs a list of CNI plugins as a container runtime does: ADD in order, each fed the result before it; DEL and CHECK likewise.</summary>
/// <param name="machine">The namespace the plugins run in, the machine's.</param>
/// <param name="folders">Where plugins are looked for, as CNI_PATH.</param>
/// <param name="list">A network configuration list (conflist).</param>
public sealed class CniChain(HostNamespace machine, string folders, JsonObject list)
{
    /// <summary>A plugin refused: its error object as the specification gives it.</summary>
    public sealed class CniException(string plugin, string verb, ShellResult result)
        : Exception($"{plugin} {verb} failed: {result.Output}{result.Error}")
    {
        public ShellResult Result { get; } = result;
    }

    /// <returns>The result of the last plugin.</returns>
    public async Task<JsonObject> AddAsync(string container, string netns, string arguments)
    {
        JsonNode? previous = null;
        foreach (var plugin in Plugins) previous = await CallAsync(plugin, "ADD", container, netns, arguments, previous);
        return (JsonObject)previous!;
    }

    public async Task CheckAsync(string container, string netns, string arguments, JsonObject result)
    {
        foreach (var plugin in Plugins) await CallAsync(plugin, "CHECK", container, netns, arguments, result);
    }

    public async Task DeleteAsync(string container, string netns, string arguments, JsonObject? result)
    {
        foreach (var plugin in Plugins.Reverse()) await CallAsync(plugin, "DEL", container, netns, arguments, result);
    }

    private IEnumerable<JsonObject> Plugins => list["plugins"]!.AsArray().Select(plugin => (JsonObject)plugin!);

    private async Task<JsonNode?> CallAsync(JsonObject plugin, string verb, string container, string netns, string arguments, JsonNode? previous)
    {
        string type = (string)plugin["type"]!;
        var configuration = (JsonObject)plugin.DeepClone();
        configuration["cniVersion"] = (string)list["cniVersion"]!;
        configuration["name"] = (string)list["name"]!;
        if (previous is not null) configuration["prevResult"] = previous.DeepClone();
        string program = folders.Split(':').Select(folder => Path.Combine(folder, type)).First(File.Exists);
        string[] environment =
        [
            $"CNI_COMMAND={verb}", $"CNI_CONTAINERID={container}", $"CNI_NETNS={netns}", "CNI_IFNAME=eth0", $"CNI_PATH={folders}", $"CNI_ARGS={arguments}",
        ];
        var result = await machine.RunAsync(["env", .. environment, program], configuration.ToJsonString());
        if (!result.Ok) throw new CniException(type, verb, result);
        return result.Output.Trim().Length == 0 ? null : JsonNode.Parse(result.Output);
    }
}
