using Mesh.Controller.Telemetry;
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
    private readonly CompileOptions options;
    private readonly TimeProvider time;
    private readonly ControllerMetrics metrics;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task following;
    private long compiledVersion;

    public GraphSource(IResourceStore store, CompileOptions options, TimeProvider time, ControllerMetrics metrics, ILogger logger)
    {
        (this.store, this.options, this.time, this.metrics, this.logger) = (store, options, time, metrics, logger);
        var first = Compile();
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
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await WriteStatusesAsync(result);
                await WaitForChangeAsync();
                await Task.Delay(mergeTime, time, stopping.Token);
                result = Compile();
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogFailed(failure);
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

    private CompileResult Compile()
    {
        var started = time.GetTimestamp();
        var snapshot = store.Current;
        var result = ResourceCompiler.Compile(snapshot.Resources, options, Current);
        compiledVersion = snapshot.Version;
        metrics.Compiled(time.GetElapsedTime(started));
        var before = Current;
        if (before.Types.Any(type => !ReferenceEquals(type.Value, result.Graph.Types[type.Key])))
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
