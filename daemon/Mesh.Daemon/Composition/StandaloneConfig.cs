using Mesh.Control.Config;
using Mesh.Proxy.Outbound;
using Mesh.Resources;
using Mesh.Resources.Compile;
using Mesh.Resources.Reading;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Composition;

/// <summary>Resources from files instead of a controller. Files that change are read again as a whole; with an error anywhere the last good
/// configuration stays in force.</summary>
internal sealed class StandaloneConfig : IDisposable
{
    private const string TrustDomain = "cluster.local";

    /// <summary>Editors and deployments write in several steps.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(100);

    private readonly IReadOnlyList<string> paths;
    private readonly VirtualRanges ranges;
    private readonly ResourceCache cache;
    private readonly Log log;
    private readonly ITimer settled;
    private readonly List<FileSystemWatcher> watchers = [];
    private readonly Lock gate = new();
    private int version;

    public StandaloneConfig(IReadOnlyList<string> paths, VirtualRanges ranges, ResourceCache cache, Log log, TimeProvider time)
    {
        (this.paths, this.ranges, this.cache, this.log) = (paths, ranges, cache, log);
        settled = time.CreateTimer(_ => TryReload(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <returns>Every problem, with file, line and field path.</returns>
    public static (CompiledGraph Graph, IReadOnlyList<string> Problems) Read(IReadOnlyList<string> paths, VirtualRanges ranges)
    {
        var loaded = ResourceLoader.LoadFiles(paths);
        var options = new CompileOptions(TrustDomain) { VirtualPrefixV4 = ranges.V4.BaseAddress.GetAddressBytes()[..2], VirtualPrefixV6 = ranges.V6.BaseAddress.GetAddressBytes()[..6] };
        var compiled = ResourceCompiler.Compile(ResourceSet.Of(loaded.Resources), options);
        return (compiled.Graph, [.. loaded.Errors.Concat(compiled.Problems).Select(static error => error.ToString())]);
    }

    /// <summary>Reads for the first time and starts watching.</summary>
    /// <returns>False when something is wrong; it was logged.</returns>
    public bool Start()
    {
        foreach (string path in paths) Watch(path);
        return TryReload();
    }

    public void Dispose()
    {
        foreach (var watcher in watchers) watcher.Dispose();
        settled.Dispose();
    }

    private bool TryReload()
    {
        lock (gate)
        {
            var (graph, problems) = Read(paths, ranges);
            if (problems.Count > 0)
            {
                foreach (string problem in problems) log.ConfigurationRefused(problem);
                return false;
            }
            version++;
            var refused = cache.Replace(Entries(graph), version.ToString());
            foreach (var rejection in refused) log.ConfigurationRefused($"{rejection.Name}: {rejection.Reason}");
            log.ConfigurationRead(version, graph.Types.Values.Sum(static type => type.Count));
            return refused.Count == 0;
        }
    }

    private static IEnumerable<(string, string, string, Google.Protobuf.ByteString)> Entries(CompiledGraph graph) =>
        graph.Types.SelectMany(static type => type.Value.Values.Select(resource => (type.Key, resource.Name, resource.Version, resource.Bytes)));

    private void Watch(string path)
    {
        bool isFolder = Directory.Exists(path);
        string? folder = isFolder ? path : Path.GetDirectoryName(path);
        if (folder is null || !Directory.Exists(folder)) return;
        var watcher = new FileSystemWatcher(folder) { Filter = isFolder ? "*" : Path.GetFileName(path) };
        watcher.Changed += OnChanged;
        watcher.Created += OnChanged;
        watcher.Deleted += OnChanged;
        watcher.Renamed += OnChanged;
        watcher.EnableRaisingEvents = true;
        watchers.Add(watcher);
    }

    private void OnChanged(object sender, FileSystemEventArgs change) => settled.Change(SettleTime, Timeout.InfiniteTimeSpan);
}
