using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Mesh.Scale;

/// <summary>Latencies in milliseconds, from when a request should have been sent: a pause counts for every request it delays.</summary>
internal sealed record Traffic(double P50, double P99, double P999, double Longest, int Requests)
{
    private const int Connections = 8;
    private const int RatePerSecond = 1000;

    public override string ToString() => $"p50 {P50:f2} ms, p99 {P99:f2} ms, p99.9 {P999:f2} ms, longest {Longest:f1} ms, {Requests} requests";

    public static async Task<Traffic> RunAsync(int port, TimeSpan time)
    {
        // Threads of their own: the driver's other work must not delay the clock.
        var each = await Task.WhenAll(Enumerable.Range(0, Connections).Select(i => Task.Factory.StartNew(() => Drive(port, time, i), TaskCreationOptions.LongRunning)));
        var all = each.SelectMany(static list => list).Order().ToList();
        return new Traffic(all[all.Count / 2], all[all.Count * 99 / 100], all[all.Count * 999 / 1000], all[^1], all.Count);
    }

    private static List<double> Drive(int port, TimeSpan time, int index)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        var latencies = new List<double>();
        byte[] buffer = new byte[4096];
        var clock = Stopwatch.StartNew();
        double interval = 1000.0 * Connections / RatePerSecond;
        for (double due = interval * index / Connections; due < time.TotalMilliseconds; due += interval)
        {
            if (due - clock.Elapsed.TotalMilliseconds is var early and > 0) Thread.Sleep(TimeSpan.FromMilliseconds(early));
            // The sleep's own lateness is not the proxy's; that of the answer before is.
            double start = Math.Min(clock.Elapsed.TotalMilliseconds, due + 0.5);
            socket.Send("GET / HTTP/1.1\r\nHost: probe\r\n\r\n"u8);
            if (socket.Receive(buffer) == 0) throw new InvalidOperationException("the gateway closed the connection");
            latencies.Add(clock.Elapsed.TotalMilliseconds - start);
        }
        return latencies;
    }
}
