using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Cni.Spec;

namespace Mesh.Cni.Commands;

/// <summary>Checks the mesh-cni object of a configuration file: a list with "plugins", or the object alone.</summary>
internal static class ConfigValidation
{
    /// <summary>0 or 2, with every fault on standard error.</summary>
    internal static int Run(string file, PluginHost host)
    {
        try
        {
            using var stream = File.OpenRead(file);
            using var document = NetworkConfigReader.ReadDocument(stream);
            var config = NetworkConfigReader.Read(Select(document.RootElement, file));
            host.WriteLine($"{file}: network {config.Name}, cniVersion {config.CniVersion}: fine");
            return 0;
        }
        catch (CniException error)
        {
            foreach (string fault in (error.Details.Length > 0 ? error.Details : error.Message).Split("; ")) host.Log($"{file}: {fault}");
            return 2;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be read: {error.Message}");
        }
    }

    /// <summary>In a list the runtime adds the list's name and version to each plugin's object; so does this.</summary>
    private static JsonElement Select(JsonElement root, string file)
    {
        if (!root.TryGetProperty("plugins", out var plugins) || plugins.ValueKind != JsonValueKind.Array) return root;
        foreach (var plugin in plugins.EnumerateArray())
        {
            if (plugin.ValueKind != JsonValueKind.Object || !plugin.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String
                || type.GetString() != "mesh-cni") continue;
            var merged = JsonObject.Create(plugin)!;
            foreach (string key in (string[])["name", "cniVersion"])
            {
                if (root.TryGetProperty(key, out var value)) merged[key] = JsonValue.Create(value);
            }
            return JsonDocument.Parse(merged.ToJsonString()).RootElement;
        }
        throw new UsageException($"{file} has no plugin of type mesh-cni");
    }
}
