using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Tests.Hosts.Cni;

/// <summary>Calls plugins as a container runtime does: environment, configuration on standard input, results chained.</summary>
internal sealed class CniRuntime(JsonObject configList, string containerId, string namespacePath)
{
    private const string ReferencePlugins = "/usr/lib/cni";

    internal string Arguments { get; set; } = "IgnoreUnknown=1;MESH_NAMESPACE=shop;MESH_WORKLOAD=cart;MESH_SERVICE_ACCOUNT=cart;MESH_LABELS=app:cart,version:v2";

    /// <summary>The one built with the tests; another than that which is installed only in how it was compiled.</summary>
    internal string MeshProgram { get; set; } = Path.Combine(AppContext.BaseDirectory, "mesh-cni");

    /// <summary>For every plugin, besides the protocol's own.</summary>
    internal Dictionary<string, string> MoreEnvironment { get; } = [];

    internal string? Version => (string?)configList["cniVersion"];

    /// <summary>The result of the last plugin, or the first error.</summary>
    internal CniOutcome Add()
    {
        JsonNode? previous = null;
        foreach (var plugin in Plugins())
        {
            var outcome = Call("ADD", plugin, previous);
            if (outcome.ExitCode != 0) return outcome;
            previous = outcome.Json;
        }
        Result = previous;
        return new(0, previous!, "");
    }

    internal JsonNode? Result { get; private set; }

    internal CniOutcome Check() => All("CHECK", Plugins());

    internal CniOutcome Delete() => All("DEL", Plugins().Reverse());

    internal CniOutcome CallMesh(string verb, Action<JsonObject>? change = null)
    {
        var plugin = Plugins().Single(static plugin => (string?)plugin["type"] == "mesh-cni");
        change?.Invoke(plugin);
        return Call(verb, plugin, Result);
    }

    internal CniOutcome Call(string verb, JsonObject plugin, JsonNode? previous)
    {
        var config = (JsonObject)plugin.DeepClone();
        foreach (string key in (string[])["name", "cniVersion"])
        {
            if (!config.ContainsKey(key)) config[key] = configList[key]?.DeepClone();
        }
        if (previous is not null) config["prevResult"] = previous.DeepClone();
        string type = (string)plugin["type"]!;
        string path = type == "mesh-cni" ? MeshProgram : Path.Combine(ReferencePlugins, type);
        return Execute(path, config.ToJsonString(), new(MoreEnvironment)
        {
            ["CNI_COMMAND"] = verb,
            ["CNI_CONTAINERID"] = containerId,
            ["CNI_NETNS"] = namespacePath,
            ["CNI_IFNAME"] = "eth0",
            ["CNI_ARGS"] = Arguments,
            ["CNI_PATH"] = ReferencePlugins,
        });
    }

    internal static CniOutcome Execute(string path, string input, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(path) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output.Trim().Length == 0 ? new JsonObject() : JsonNode.Parse(output)!, error.Result);
    }

    private CniOutcome All(string verb, IEnumerable<JsonObject> plugins)
    {
        foreach (var plugin in plugins)
        {
            var outcome = Call(verb, plugin, Result);
            if (outcome.ExitCode != 0) return outcome;
        }
        return new(0, new JsonObject(), "");
    }

    private IEnumerable<JsonObject> Plugins() => configList["plugins"]!.AsArray().Select(static plugin => (JsonObject)plugin!.DeepClone());
}

internal sealed record CniOutcome(int ExitCode, JsonNode Json, string Log)
{
    internal int Code => ExitCode == 0 ? 0 : (int)Json["code"]!;

    internal string Message => (string?)Json["msg"] ?? "";

    public override string ToString() => $"exit {ExitCode}: {Json.ToJsonString(JsonSerializerOptions.Default)} {Log}";
}
