using System.Threading.Tasks.Sources;
using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>A TCP handshake under way, with its deadline.</summary>
internal sealed class ConnectAttempt : IValueTaskSource<Connection>
{
    private readonly SocketConnection connection;
    private readonly TimeSpan timeout;
    private readonly LoopTimer timer;
    private LoopSource<Connection> pending;

    internal ConnectAttempt(SocketConnection connection, TimeSpan timeout)
    {
        (this.connection, this.timeout) = (connection, timeout);
        timer = new LoopTimer(connection.Loop.Timers, static self => ((ConnectAttempt)self!).Finish(LibC.TimedOut), this);
    }

    internal ValueTask<Connection> Start()
    {
        pending.Reset();
        timer.Arm(timeout);
        return new(this, pending.Version);
    }

    internal void Finish(int errno)
    {
        timer.Cancel();
        if (!pending.IsWaiting) return;
        if (errno == 0)
        {
            pending.SetResult(connection);
            return;
        }
        var failure = Sockets.ConnectFailure(connection.RemoteAddress, errno);
        connection.Break(failure);
        if (pending.IsWaiting) pending.SetException(failure);
    }

    internal void OnBroken(ConnectionBrokenException reason)
    {
        timer.Cancel();
        if (pending.IsWaiting) pending.SetException(reason);
    }

    public Connection GetResult(short token) => pending.GetResult(token);
    public ValueTaskSourceStatus GetStatus(short token) => pending.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        pending.OnCompleted(continuation, state, token);
}
