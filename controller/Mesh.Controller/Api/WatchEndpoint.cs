using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Controller.Telemetry;
using Mesh.Resources;
using Mesh.Store;

namespace Mesh.Controller.Api;

/// <summary>Watches: one JSON event a line until the client, the time limit or the store ends it.</summary>
internal sealed class WatchEndpoint(IResourceStore store, TimeProvider time, ApiLimits limits, ControllerMetrics metrics, CancellationToken stopping)
{
    private int open;

    public async Task WatchAsync(ApiCall call, ResourcePath path)
    {
        if (Interlocked.Increment(ref open) > limits.Watches)
        {
            Interlocked.Decrement(ref open);
            throw ApiException.TooManyRequests($"{limits.Watches} watches are open; close some or ask again later");
        }

        metrics.OpenWatches(1);
        try
        {
            await RunAsync(call, path);
        }
        finally
        {
            metrics.OpenWatches(-1);
            Interlocked.Decrement(ref open);
        }
    }

    private async Task RunAsync(ApiCall call, ResourcePath path)
    {
        var selection = new ListSelection(path, call.Query);
        var snapshot = store.Current;
        var (from, initial) = Start(call, snapshot);
        using var timer = new CancellationTokenSource(Duration(call), time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, call.Http.RequestAborted, stopping);
        var stream = new EventStream(call, Rendering.For(call.Http.Request, path, time.GetUtcNow()), selection, limits, time);
        await using var events = store.WatchAsync(from, ending.Token).GetAsyncEnumerator(ending.Token);
        var next = events.MoveNextAsync().AsTask(); // opens the watch, so that an expired version is still an ordinary answer
        if (next.IsFaulted)
            await Expired(next);

        try
        {
            await stream.StartAsync(initial ? selection.Of(snapshot.Resources) : [], snapshot.Version, initial);
            await stream.FollowAsync(events, next, ending.Token);
        }
        catch (OperationCanceledException)
        {
            // the ordinary end of a watch
        }
        catch (VersionExpiredException expired)
        {
            await stream.WriteAsync("ERROR", StatusDocument.Failure(ApiException.Expired(expired.Message)));
        }
    }

    private static async Task Expired(Task next)
    {
        try
        {
            await next;
        }
        catch (VersionExpiredException expired)
        {
            throw ApiException.Expired(expired.Message);
        }
    }

    /// <summary>Without a version, or with 0, the present state comes first.</summary>
    private static (long From, bool Initial) Start(ApiCall call, StoreSnapshot snapshot)
    {
        var text = call.Query["resourceVersion"].ToString();
        if (call.Query["sendInitialEvents"] == "true" || text is "" or "0")
            return (snapshot.Version, true);

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? (version, false) : throw ApiException.BadRequest($"resourceVersion must be a version that a list or an event gave, is \"{text}\"");
    }

    private TimeSpan Duration(ApiCall call) =>
        int.TryParse(call.Query["timeoutSeconds"], out var seconds) && seconds > 0 && TimeSpan.FromSeconds(seconds) < limits.WatchTime
            ? TimeSpan.FromSeconds(seconds) : limits.WatchTime;

    private sealed class EventStream(ApiCall call, Rendering rendering, ListSelection selection, ApiLimits limits, TimeProvider time)
    {
        private readonly bool bookmarks = call.Query["allowWatchBookmarks"].ToString() is "true" or "1";

        public async Task StartAsync(IEnumerable<Resource> initial, long version, bool markEnd)
        {
            call.Http.Response.StatusCode = 200;
            call.Http.Response.ContentType = "application/json";
            await call.Http.Response.StartAsync();
            foreach (var resource in initial)
                await WriteAsync("ADDED", rendering.Single(resource));

            if (bookmarks && markEnd)
                await WriteAsync("BOOKMARK", rendering.Bookmark(version, endOfInitialEvents: true));
            await call.Http.Response.Body.FlushAsync();
        }

        public async Task FollowAsync(IAsyncEnumerator<StoreEvent> events, Task<bool> next, CancellationToken ending)
        {
            long seen = 0;
            while (true)
            {
                using var wait = CancellationTokenSource.CreateLinkedTokenSource(ending);
                var pause = Task.Delay(limits.BookmarkInterval, time, wait.Token);
                if (await Task.WhenAny(next, pause) == pause)
                {
                    ending.ThrowIfCancellationRequested();
                    if (bookmarks && seen > 0)
                        await WriteAsync("BOOKMARK", rendering.Bookmark(seen, endOfInitialEvents: false));
                    continue;
                }

                await wait.CancelAsync();
                if (!await next)
                    return;

                seen = events.Current.Version;
                await WriteAsync(events.Current);
                next = events.MoveNextAsync().AsTask();
            }
        }

        public async Task WriteAsync(string type, JsonObject content)
        {
            var line = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(new JsonObject { ["type"] = type, ["object"] = content });
            await call.Http.Response.Body.WriteAsync(line);
            await call.Http.Response.Body.WriteAsync("\n"u8.ToArray());
            await call.Http.Response.Body.FlushAsync();
        }

        // A resource that a selector sees come or go is added or deleted as far as this watch is concerned.
        private Task WriteAsync(StoreEvent happened)
        {
            var before = happened.Previous is not null && selection.Matches(happened.Previous);
            var after = happened.Type != StoreEventType.Deleted && selection.Matches(happened.Resource);
            return (before, after) switch
            {
                (false, true) => WriteAsync("ADDED", rendering.Single(happened.Resource)),
                (true, true) => WriteAsync("MODIFIED", rendering.Single(happened.Resource)),
                (true, false) => WriteAsync("DELETED", rendering.Single(happened.Resource)),
                _ => Task.CompletedTask,
            };
        }
    }
}
