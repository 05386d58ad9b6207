using System.Diagnostics.CodeAnalysis;
using Mesh.Http.Http2;
using Mesh.Io;

namespace Mesh.Proxy.Upstream;

/// <summary>HTTP/2 connections of one loop that many share, by key. A connection is opened by the first who needs it; those who come meanwhile wait for
/// the same attempt; when its streams are used up another one is opened. A connection without streams is closed after a while.</summary>
internal sealed class SharedHttp2<TKey>
    where TKey : IEquatable<TKey>
{
    /// <summary>In a timeout: how exactly it is kept.</summary>
    private const int SweepsPerTimeout = 10;

    private readonly Dictionary<TKey, List<Shared>> byKey = [];
    private readonly Loop loop;
    private readonly (Http2Settings Settings, Http2Limits Limits) rules;
    private readonly int maxStreams;
    private readonly TimeSpan idleTimeout;
    private readonly Action<ErrorCode> failed;
    private readonly Action<int> count;
    private readonly LoopTimer sweep;

    /// <param name="maxStreams">In use on a connection before another is opened.</param>
    /// <param name="failed">Told of connections that were ended here for what the peer did.</param>
    /// <param name="count">Told by how many its connections have become more.</param>
    public SharedHttp2(
        Loop loop, (Http2Settings Settings, Http2Limits Limits) rules, int maxStreams, TimeSpan idleTimeout, Action<ErrorCode> failed, Action<int> count)
    {
        (this.failed, this.count) = (failed, count);
        (this.loop, this.rules, this.maxStreams, this.idleTimeout) = (loop, rules, maxStreams, idleTimeout);
        sweep = new LoopTimer(loop.Timers, static self => ((SharedHttp2<TKey>)self!).Sweep(), this);
    }

    public sealed class Shared
    {
        public required Task<Http2Connection> Ready { get; set; }

        /// <summary>Null until it is connected.</summary>
        public Http2Connection? Http2 { get; set; }

        /// <summary>Streams that wait for the connection or for their answer.</summary>
        public int Reserved { get; set; }

        internal long BusyAt { get; set; }

        internal int BegunThen { get; set; }
    }

    /// <summary>One with room for a stream, connected or about to be.</summary>
    public bool TryFind(in TKey key, [NotNullWhen(true)] out Shared? found)
    {
        found = null;
        if (!byKey.TryGetValue(key, out var list)) return false;
        foreach (var shared in list)
        {
            bool usable = shared.Http2 is null ? !shared.Ready.IsCompleted : shared.Http2.CanOpen;
            int active = shared.Reserved + (shared.Http2?.ActiveStreams ?? 0);
            if (!usable || active >= maxStreams) continue;
            found = shared;
            return true;
        }
        return false;
    }

    /// <param name="dialling">A failure reaches all who wait for <see cref="Shared.Ready"/>.</param>
    public Shared Start(in TKey key, ValueTask<Connection> dialling)
    {
        var shared = Add(key);
        shared.Ready = Establish(key, shared, dialling);
        return shared;
    }

    /// <summary>A connection that is there already.</summary>
    public Shared Adopt(in TKey key, Connection transport)
    {
        var shared = Add(key);
        shared.Ready = Task.FromResult(Begin(key, shared, transport));
        return shared;
    }

    /// <summary>Waits for the connection and for the peer's SETTINGS, which say how many streams it takes and whether it takes other protocols.</summary>
    /// <param name="timeout">For the SETTINGS; zero for the connection's own.</param>
    /// <returns>Null: others have taken all its streams meanwhile.</returns>
    /// <exception cref="ConnectionBrokenException">The peer does not speak HTTP/2, takes no streams, or closed the connection.</exception>
    public static async ValueTask<Http2Connection?> ReadyAsync(Shared shared, TimeSpan timeout)
    {
        shared.Reserved++;
        try
        {
            var connection = await shared.Ready;
            await WaitForPeerAsync(connection, timeout);
            if (!connection.IsOpen) throw new ConnectionBrokenException(BreakKind.Reset, connection.EndReason ?? "it closed the connection");
            if (connection.CanOpen) return connection;
            if (connection is not { IsShut: true, ActiveStreams: 0 }) return null;
            // Another one would fare no better, and after that one another.
            _ = connection.GoAwayAsync();
            throw new ConnectionBrokenException(BreakKind.Reset, "it takes no streams: its SETTINGS_MAX_CONCURRENT_STREAMS is 0");
        }
        finally
        {
            shared.Reserved--;
        }
    }

    /// <summary>Aborts what belongs to the keys.</summary>
    public void Close(Func<TKey, bool> matches)
    {
        foreach (var (key, list) in byKey.Where(pair => matches(pair.Key)).ToList())
        {
            // Out of the table first: a connection that ends takes itself out of its list.
            byKey.Remove(key);
            foreach (var shared in list.ToArray()) shared.Http2?.Abort();
        }
    }

    private static async ValueTask WaitForPeerAsync(Http2Connection connection, TimeSpan timeout)
    {
        var known = connection.WaitForPeerAsync();
        if (timeout <= TimeSpan.Zero) await known;
        else if (!await connection.Loop.Timers.InTimeAsync(known, timeout))
            throw new ConnectionBrokenException(BreakKind.ConnectFailed, $"its SETTINGS did not come within {timeout}");
    }

    private Shared Add(in TKey key)
    {
        if (!byKey.TryGetValue(key, out var list)) byKey.Add(key, list = []);
        var shared = new Shared { Ready = null!, BusyAt = loop.Time.GetTimestamp() };
        list.Add(shared);
        if (!sweep.IsArmed) sweep.Arm(idleTimeout / SweepsPerTimeout);
        return shared;
    }

    private async Task<Http2Connection> Establish(TKey key, Shared shared, ValueTask<Connection> dialling)
    {
        try
        {
            return Begin(key, shared, await dialling);
        }
        catch
        {
            Forget(key, shared);
            throw;
        }
    }

    private Http2Connection Begin(in TKey key, Shared shared, Connection transport)
    {
        var http2 = Http2Connection.Client(transport, rules.Settings, rules.Limits);
        shared.Http2 = http2;
        count(1);
        _ = RunToEnd(key, shared, http2);
        return http2;
    }

    private async Task RunToEnd(TKey key, Shared shared, Http2Connection http2)
    {
        try
        {
            await http2.RunAsync();
        }
        catch (ConnectionBrokenException)
        {
            // Streams have learned it themselves.
        }
        finally
        {
            count(-1);
            Forget(key, shared);
            if (http2.Reproach is { } code) failed(code);
        }
    }

    private void Forget(in TKey key, Shared shared)
    {
        if (!byKey.TryGetValue(key, out var list)) return;
        list.Remove(shared);
        if (list.Count == 0) byKey.Remove(key);
    }

    private void Sweep()
    {
        long now = loop.Time.GetTimestamp();
        foreach (var shared in byKey.Values.SelectMany(static list => list).ToList())
        {
            int begun = shared.Http2?.StreamsBegun ?? 0;
            bool busy = shared.Reserved > 0 || shared.Http2 is null or { ActiveStreams: > 0 } || begun != shared.BegunThen;
            if (busy) (shared.BusyAt, shared.BegunThen) = (now, begun);
            else if (loop.Time.GetElapsedTime(shared.BusyAt, now) >= idleTimeout) _ = shared.Http2!.GoAwayAsync();
        }
        if (byKey.Count > 0) sweep.Arm(idleTimeout / SweepsPerTimeout);
    }
}
