using Mesh.Io;
using Mesh.Io.Epoll;

namespace Mesh.Kit.Connections;

/// <summary>Real loops and real sockets on 127.0.0.1, for what only the kernel can show.</summary>
public sealed class Loopback : IDisposable
{
    private readonly List<Listener> listeners = [];
    private readonly System.Collections.Concurrent.ConcurrentQueue<Exception> escaped = new();

    public Loopback(int loops = 1) =>
        Loops = [.. Enumerable.Range(0, loops).Select(index => new EpollLoop($"test-{index}", index, TimeProvider.System, escaped.Enqueue))];

    public IReadOnlyList<EpollLoop> Loops { get; }

    public EpollLoop Loop => Loops[0];

    public EpollSocketFactory Sockets { get; } = new();

    /// <summary>Listens on a free port; every connection is handed to the server on its loop.</summary>
    public IpPort Listen(Func<Connection, Task> serve)
    {
        var listener = Sockets.Listen(new IpPort(Ip.LoopbackV4, 0), Loops, ListenOptions.Default, connection => _ = ServeAsync(connection));
        listeners.Add(listener);
        return listener.Address;

        async Task ServeAsync(Connection connection)
        {
            try
            {
                await serve(connection);
            }
            catch (Exception error)
            {
                escaped.Enqueue(error);
            }
        }
    }

    public ValueTask<Connection> ConnectAsync(IpPort server, Loop? loop = null) =>
        Sockets.ConnectAsync(loop ?? Loop, server, new ConnectOptions(TimeSpan.FromSeconds(10)));

    /// <summary>Runs on the first loop, at most half a minute.</summary>
    public Task RunAsync(Func<Task> work) => Loop.RunAsync(work).WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>What no code has caught.</summary>
    public IReadOnlyCollection<Exception> Escaped => escaped;

    public void Dispose()
    {
        foreach (var listener in listeners) listener.Dispose();
        foreach (var loop in Loops) loop.Dispose();
    }
}
