using System.Diagnostics;
using System.Net.Sockets;
using Mesh.Load.Latency;
using Mesh.Load.Native;
using Mesh.Load.Responses;

namespace Mesh.Load.Runs;

/// <summary>Sends requests at fixed times whatever becomes of the earlier ones. A request that finds every connection busy waits, and its wait
/// counts: latency begins when the request was due. One thread.</summary>
internal sealed class RateRun(LoadOptions options, Target target, ExpectedResponse expected) : IDisposable
{
    private static readonly TimeSpan grace = TimeSpan.FromSeconds(1);

    private readonly Epoll epoll = new();
    private readonly LatencyHistogram latencies = new();
    private readonly LoadConnection[] connections = new LoadConnection[options.Connections];

    // First in, first out: every connection is used in turn, as by as many clients.
    private readonly Queue<LoadConnection> idle = new(options.Connections);

    private readonly byte[] scratch = new byte[256 * 1024];
    private readonly double interval = 1e9 / options.Rate;
    private readonly long warmUp = Nanoseconds(options.WarmUp);
    private readonly long total = (long)((options.WarmUp + options.Duration).TotalSeconds * options.Rate);
    private long start;
    private long sent;
    private long answered;

    public RateReport Run()
    {
        byte[] request = target.Request(last: options.NewConnections);
        for (int key = 0; key < connections.Length; key++)
        {
            connections[key] = new(key, target, request, expected, epoll, options.NewConnections);
            idle.Enqueue(connections[key]);
        }
        start = Now();
        long end = start + warmUp + Nanoseconds(options.Duration + grace);
        while (answered < total && Now() < end)
        {
            SendDue();
            Receive(end);
        }
        return Report();
    }

    private void SendDue()
    {
        while (sent < total && idle.Count > 0 && Due(sent) <= Now()) idle.Dequeue().Send(Due(sent++));
    }

    private void Receive(long end)
    {
        long wake = sent < total && idle.Count > 0 ? Due(sent) : end;
        int ready = epoll.Wait(Math.Max(0, wake - Now()));
        for (int i = 0; i < ready; i++)
        {
            var connection = connections[epoll.Ready(i)];
            if (!connection.Receive(scratch)) continue;
            Record(connection.Due, Now());
            answered++;
            idle.Enqueue(connection);
        }
    }

    private void Record(long due, long now)
    {
        if (due - start >= warmUp) latencies.Record(now - due);
    }

    private RateReport Report()
    {
        long now = Now();
        foreach (var connection in connections.Where(connection => connection.IsBusy)) Record(connection.Due, now);
        for (long request = sent; request < total; request++) Record(Due(request), now);
        return new(latencies.Count, total - answered, latencies.Quantile(0.5) / 1e3, latencies.Quantile(0.99) / 1e3, latencies.Quantile(0.999) / 1e3, latencies.Largest / 1e3);
    }

    private long Due(long request) => start + (long)(request * interval);

    private static long Now() => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    private static long Nanoseconds(TimeSpan time) => (long)(time.TotalSeconds * 1e9);

    public void Dispose()
    {
        foreach (var connection in connections) connection?.Dispose();
        epoll.Dispose();
    }
}
