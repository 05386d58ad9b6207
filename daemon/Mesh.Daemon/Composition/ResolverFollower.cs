using Mesh.Io;
using Mesh.NodeSocket;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Composition;

/// <summary>Keeps resolvers and search domains of workloads as their resolver files say. Every five seconds it looks, on the thread pool, whether a file is another
/// or has changed, and reads only those. A file that many workloads share is looked at once.</summary>
internal sealed class ResolverFollower : IAsyncDisposable
{
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Log log;
    private readonly HashSet<Followed> all = []; // also the lock for itself
    private readonly ITimer timer;

    public ResolverFollower(Log log, TimeProvider time)
    {
        this.log = log;
        timer = time.CreateTimer(static self => ((ResolverFollower)self!).LookAtAll(), this, Interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Tells at once when the files say something else than the description, and whenever they change.</summary>
    /// <returns>Ends it.</returns>
    public IDisposable Follow(LocalWorkload workload, Action<IReadOnlyList<Ip>, IReadOnlyList<string>> use)
    {
        var followed = new Followed(this, workload, use);
        if (followed.Files.Length == 0) return followed;
        Look(followed, []);
        lock (all) all.Add(followed); // from here on looked at by the timer alone
        return followed;
    }

    private void LookAtAll()
    {
        Followed[] now;
        lock (all) now = [.. all];
        var stamps = new Dictionary<string, FileStamp?>();
        foreach (var followed in now) Look(followed, stamps);
        timer.Change(Interval, Timeout.InfiniteTimeSpan);
    }

    private void Look(Followed followed, Dictionary<string, FileStamp?> stamps)
    {
        if (!followed.Look(stamps)) return;
        string servers = followed.Servers.Count > 0 ? string.Join(", ", followed.Servers) : "none", domains = followed.Domains.Count > 0 ? string.Join(", ", followed.Domains) : "none";
        log.ResolversChanged(followed.Workload.Uid, servers, domains);
    }

    public ValueTask DisposeAsync() => timer.DisposeAsync();

    private sealed class Followed(ResolverFollower follower, LocalWorkload workload, Action<IReadOnlyList<Ip>, IReadOnlyList<string>> use) : IDisposable
    {
        private FileStamp?[] seen = [];

        public LocalWorkload Workload => workload;

        public string[] Files { get; } = [.. workload.ResolverFiles.Union(workload.SearchDomainFiles)];

        public IReadOnlyList<Ip> Servers { get; private set; } = workload.Resolvers;

        public IReadOnlyList<string> Domains { get; private set; } = workload.SearchDomains;

        /// <returns>Whether they say something else than before.</returns>
        public bool Look(Dictionary<string, FileStamp?> stamps)
        {
            var current = Array.ConvertAll(Files, file => stamps.TryGetValue(file, out var known) ? known : stamps[file] = FileStamp.Of(file));
            if (current.SequenceEqual(seen)) return false;
            seen = current;
            var (servers, domains) = (ReadServers(), workload.SearchDomainFiles.Count > 0 ? ResolverFiles.SearchDomains(workload.SearchDomainFiles) : Domains);
            if (servers.SequenceEqual(Servers) && domains.SequenceEqual(Domains)) return false;
            (Servers, Domains) = (servers, domains);
            use(servers, domains);
            return true;
        }

        /// <summary>Files without any server, perhaps half written, leave those that were known.</summary>
        private IReadOnlyList<Ip> ReadServers()
        {
            var servers = new List<Ip>();
            foreach (string text in ResolverFiles.Servers(workload.ResolverFiles))
            {
                if (Ip.TryParse(text, out var address)) servers.Add(address);
            }
            return servers.Count > 0 ? servers : Servers;
        }

        public void Dispose()
        {
            lock (follower.all) follower.all.Remove(this);
        }
    }
}
