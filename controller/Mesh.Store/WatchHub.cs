using System.Threading.Channels;

namespace Mesh.Store;

/// <summary>Recent history and the watches that follow it. Publishing and opening take one short lock, so that no watch misses or repeats an event.</summary>
internal sealed class WatchHub(StoreLimits limits, long version)
{
    private readonly Lock gate = new();
    private readonly Queue<StoreEvent> history = [];
    private readonly HashSet<Watch> watches = [];
    private long oldestKnown = version;
    private long newest = version;

    public void Publish(IReadOnlyList<StoreEvent> events)
    {
        lock (gate)
        {
            foreach (var happened in events)
                Remember(happened);

            foreach (var watch in watches.ToList())
            {
                if (!events.All(watch.TryWrite))
                {
                    watch.Expire();
                    watches.Remove(watch);
                }
            }
        }
    }

    /// <exception cref="VersionExpiredException">Too old, or from the future (the store was replaced).</exception>
    public Watch Open(long from)
    {
        lock (gate)
        {
            if (from < oldestKnown || from > newest)
                throw new VersionExpiredException(from);

            var watch = new Watch(this, [.. history.Where(happened => happened.Version > from)], limits.WatchBacklogEvents, newest);
            watches.Add(watch);
            return watch;
        }
    }

    private void Remember(StoreEvent happened)
    {
        history.Enqueue(happened);
        newest = happened.Version;
        while (history.Count > limits.HistoryEvents)
            oldestKnown = history.Dequeue().Version;
    }

    private void Close(Watch watch)
    {
        lock (gate)
            watches.Remove(watch);
    }

    internal sealed class Watch(WatchHub hub, IReadOnlyList<StoreEvent> missed, int backlog, long opened) : IDisposable
    {
        private readonly Channel<StoreEvent> channel = Channel.CreateBounded<StoreEvent>(new BoundedChannelOptions(backlog) { SingleReader = true });

        public IReadOnlyList<StoreEvent> Missed { get; } = missed;

        public ChannelReader<StoreEvent> Events => channel.Reader;

        public bool TryWrite(StoreEvent happened) => channel.Writer.TryWrite(happened);

        public void Expire() => channel.Writer.TryComplete(new VersionExpiredException(opened));

        public void Dispose() => hub.Close(this);
    }
}
