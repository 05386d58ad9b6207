using Mesh.Controller.Telemetry;
using Mesh.Resources;
using Mesh.Resources.Compile;
using Mesh.Store;
using Microsoft.Extensions.Logging;

namespace Mesh.Controller.Graph;

/// <summary>
/// Follows the store: merges changes for a moment, compiles, publishes, and writes what it found into status. One task does all of it;
/// readers take <see cref="Current"/> from any thread.
/// </summary>
internal sealed partial class GraphSource : IGraphSource, IAsyncDisposable
{
    /// <summary>Changes of one apply come in a burst; a push for each would send routes before their services. Longer delays every change.</summary>
    private static readonly TimeSpan mergeTime = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan retryTime = TimeSpan.FromSeconds(1);

    private readonly IResourceStore store;
    private readonly GraphCompiler compiler;
    private readonly TimeProvider time;
    private readonly ControllerMetrics metrics;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task following;
    private long compiledVersion;

    public GraphSource(IResourceStore store, CompileOptions options, TimeProvider time, ControllerMetrics metrics, ILogger logger)
    {
        (this.store, this.time, this.metrics, this.logger) = (store, time, metrics, logger);
        compiler = new GraphCompiler(options);
        var first = Compile(store.Current, null);
        following = FollowAsync(first);
    }

    public event Action? Changed;

    public CompiledGraph Current { get; private set; } = CompiledGraph.Empty;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await following;
        stopping.Dispose();
    }

    private async Task FollowAsync(CompileResult first)
    {
        var result = first;
        var failed = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await WriteStatusesAsync(result);
                if (!failed)
                {
                    await WaitForChangeAsync();
                    await Task.Delay(mergeTime, time, stopping.Token);
                }

                var snapshot = store.Current;
                result = Compile(snapshot, failed ? null : await ChangesUntilAsync(snapshot.Version));
                failed = false;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogFailed(failure);
                failed = true; // what was compiled in part, or has no status, is compiled as a whole
                await Task.Delay(retryTime, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WaitForChangeAsync()
    {
        try
        {
            await foreach (var happened in store.WatchAsync(compiledVersion, stopping.Token))
            {
                if (Relevance.AffectsGraph(happened))
                    return;
            }
        }
        catch (VersionExpiredException)
        {
            // so much has happened that it is certainly worth compiling
        }
    }

    /// <summary>Resources that changed in a way that matters between the last compilation and that version; null: nobody knows any more.</summary>
    private async Task<HashSet<ResourceKey>?> ChangesUntilAsync(long version)
    {
        HashSet<ResourceKey> changed = [];
        if (version == compiledVersion)
            return changed;

        try
        {
            await foreach (var happened in store.WatchAsync(compiledVersion, stopping.Token))
            {
                if (happened.Version <= version && Relevance.AffectsGraph(happened))
                    changed.Add(happened.Resource.Key);
                if (happened.Version >= version)
                    break;
            }

            return changed;
        }
        catch (VersionExpiredException)
        {
            return null;
        }
    }

    private CompileResult Compile(StoreSnapshot snapshot, IReadOnlySet<ResourceKey>? changed)
    {
        var started = time.GetTimestamp();
        var result = compiler.Compile(snapshot.Resources, changed);
        compiledVersion = snapshot.Version;
        metrics.Compiled(time.GetElapsedTime(started));
        if (!ReferenceEquals(Current, result.Graph))
        {
            Current = result.Graph;
            Changed?.Invoke();
        }

        return result;
    }

    private Task WriteStatusesAsync(CompileResult result) => store.WriteAsync(new ChangeAuthor("mesh-controller", Audited: false), resources =>
    {
        List<Change> changes = [];
        foreach (var (key, status) in result.Statuses)
        {
            if (resources.Find(key) is not { } resource)
                continue;

            var updated = StatusMerge.Apply(resource, status, time.GetUtcNow());
            if (!ReferenceEquals(updated, resource))
                changes.Add(Change.Update(updated, resource.ResourceVersion));
        }

        return changes;
    }, stopping.Token);

    [LoggerMessage(1100, LogLevel.Error, "configuration could not be compiled and will be tried again; the last good one stays in force")]
    private partial void LogFailed(Exception failure);
}
