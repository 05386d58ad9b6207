using System.Threading.Channels;
using Mesh.Io;
using Mesh.Io.Epoll;
using Mesh.Proxy.Workloads;

namespace Mesh.Kit.Namespaces;

/// <summary>What arrived at one of the daemon's listeners.</summary>
public sealed record Arrival(string Uid, int Port, IpPort? OriginalDestination, IpPort Client);

/// <summary>A workload host that opens the daemon's TCP listeners and, instead of proxying, notes each connection, sends one greeting byte and closes it when the client does.</summary>
public sealed class RecordingHost : IWorkloadHost, IDisposable
{
    private static readonly ushort[] Ports = [15001, 15006, 15008];
    private readonly Channel<Arrival> arrivals = Channel.CreateUnbounded<Arrival>();
    private readonly Dictionary<string, List<Listener>> listeners = [];

    public EpollLoop Loop { get; } = new("capture-test", 0, TimeProvider.System, static _ => { });

    /// <summary>Fails starts of these workloads.</summary>
    public HashSet<string> Broken { get; } = [];

    public IReadOnlyCollection<string> Running
    {
        get
        {
            lock (listeners) return [.. listeners.Keys];
        }
    }

    public Dictionary<string, (LocalWorkload Workload, SocketFactory Sockets)> Started { get; } = [];

    public async Task<Arrival> NextAsync() => await arrivals.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5));

    public Task StartAsync(LocalWorkload workload, SocketFactory sockets)
    {
        if (Broken.Contains(workload.Uid)) throw new IOException($"{workload.Uid} is broken on purpose");
        bool isV4Only = workload.Addresses.All(static address => address.IsV4);
        var opened = Ports.Select(port => sockets.Listen(new(isV4Only ? Ip.AnyV4 : Ip.AnyV6, port), [Loop], ListenOptions.Default,
            connection => _ = NoteAsync(workload.Uid, port, connection))).ToList();
        lock (listeners)
        {
            listeners[workload.Uid] = opened;
            Started[workload.Uid] = (workload, sockets);
        }
        return Task.CompletedTask;
    }

    public Task StopAsync(string uid)
    {
        lock (listeners)
        {
            if (listeners.Remove(uid, out var opened)) opened.ForEach(static listener => listener.Dispose());
        }
        return Task.CompletedTask;
    }

    private async Task NoteAsync(string uid, int port, Connection connection)
    {
        IpPort? original = connection.TryGetOriginalDestination(out var destination) ? destination : null;
        arrivals.Writer.TryWrite(new(uid, port, original, connection.RemoteAddress));
        try
        {
            await connection.Output.WriteAsync("M"u8.ToArray());
            await connection.Output.CompleteAsync();
            while (await connection.Input.ReadAsync() is { IsCompleted: false } result) connection.Input.AdvanceTo(result.Buffer.End);
        }
        catch (ConnectionBrokenException)
        {
            // The test has seen enough.
        }
        await connection.DisposeAsync();
    }

    public void Dispose()
    {
        foreach (string uid in Running) StopAsync(uid);
        Loop.Dispose();
    }
}
