using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Cni.Commands;

/// <summary>Puts the plugin where the container runtime finds it, and at the end of the primary network's list. With --watch it stays and does so
/// again whenever the primary rewrites its file, as most do when they restart: without that, new workloads would start outside the mesh.
/// The list is left in place when the program ends, so that workloads made while meshd is away fail instead of running open.</summary>
internal static class InstallCommand
{
    private const string OwnList = "00-mesh-cni.conflist";
    private static readonly TimeSpan interval = TimeSpan.FromSeconds(1);

    internal static int Run(InstallOptions options, PluginHost host)
    {
        try
        {
            CopyProgram(options, host);
            bool chained = Chain(options, host);
            if (options.Watch) WatchAsync(options, host).GetAwaiter().GetResult();
            else if (!chained) host.Log($"no network configuration in {options.ConfigFolder} yet: install the primary plugin first, or use --watch");
            return chained || options.Watch ? 0 : 1;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            host.Log($"cannot install: {error.Message}");
            return 1;
        }
    }

    private static async Task WatchAsync(InstallOptions options, PluginHost host)
    {
        using var stopping = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stopping));
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stopping));
        using var timer = new PeriodicTimer(interval, host.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token)) Chain(options, host);
        }
        catch (OperationCanceledException)
        {
            host.Log("stopping; the configuration stays, so that workloads cannot start outside the mesh");
        }
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stopping)
    {
        context.Cancel = true;
        stopping.Cancel();
    }

    private static void CopyProgram(InstallOptions options, PluginHost host)
    {
        string source = Environment.ProcessPath!, target = Path.Combine(options.ProgramFolder, "mesh-cni");
        if (Path.GetFullPath(source) == Path.GetFullPath(target)) return;
        byte[] program = File.ReadAllBytes(source);
        if (File.Exists(target) && File.ReadAllBytes(target).AsSpan().SequenceEqual(program)) return;
        Replace(target, program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        host.Log($"installed {target}");
    }

    /// <returns>Whether the list that the runtime uses has the plugin now. A file that is being written is left for the next look.</returns>
    private static bool Chain(InstallOptions options, PluginHost host)
    {
        if (FindPrimary(options.ConfigFolder) is not { } file) return false;
        try
        {
            if (JsonNode.Parse(File.ReadAllBytes(file)) is not JsonObject config) throw new JsonException("not a JSON object");
            return Insert(file, config, options, host);
        }
        catch (JsonException error)
        {
            host.Log($"{file} cannot be read: {error.Message}");
            return false;
        }
    }

    private static bool Insert(string file, JsonObject config, InstallOptions options, PluginHost host)
    {
        if (config["plugins"] is JsonArray plugins)
        {
            if (plugins.Any(plugin => plugin?["type"]?.ToString() == "mesh-cni")) return true;
            plugins.Add((JsonNode)options.Plugin());
            Write(file, config, host);
            return true;
        }
        // A single plugin becomes a list of its own that sorts first; the primary's file stays as it is.
        var single = (JsonObject)config.DeepClone();
        var list = new JsonObject { ["cniVersion"] = config["cniVersion"]?.ToString() ?? "0.4.0", ["name"] = config["name"]?.ToString() ?? "mesh" };
        single.Remove("cniVersion");
        single.Remove("name");
        list["plugins"] = new JsonArray(single, options.Plugin());
        Write(Path.Combine(options.ConfigFolder, OwnList), list, host);
        return true;
    }

    /// <summary>The file the runtime uses: the first by name of those it knows, as libcni sorts them.</summary>
    private static string? FindPrimary(string folder)
    {
        if (!Directory.Exists(folder)) return null;
        return Directory.GetFiles(folder).Where(file => Path.GetExtension(file) is ".conflist" or ".conf" or ".json")
            .Order(StringComparer.Ordinal).FirstOrDefault();
    }

    private static void Write(string file, JsonObject config, PluginHost host)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true })) config.WriteTo(writer);
        Replace(file, buffer.ToArray(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        host.Log($"chained after the primary plugin in {file}");
    }

    /// <summary>One rename: a runtime that reads meanwhile sees the old file or the new one.</summary>
    private static void Replace(string file, byte[] content, UnixFileMode mode)
    {
        // The extension is one that the runtime does not read.
        string temporary = $"{file}.mesh-new";
        using (var stream = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, file, overwrite: true);
    }
}
