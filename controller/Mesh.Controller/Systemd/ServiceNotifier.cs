using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Mesh.Controller.Systemd;

/// <summary>sd_notify(3): one datagram a message to $NOTIFY_SOCKET. Does nothing where there is no such socket.</summary>
internal sealed class ServiceNotifier : IDisposable
{
    private readonly Socket? socket;
    private readonly ITimer? watchdog;

    public ServiceNotifier(TimeProvider time)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
            return;

        socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path)); // '@' stands for the abstract namespace
        if (WatchdogInterval() is { } interval)
            watchdog = time.CreateTimer(_ => Send("WATCHDOG=1"), null, interval / 2, interval / 2);
    }

    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    public void Stopping() => Send("STOPPING=1");

    public void Dispose()
    {
        watchdog?.Dispose();
        socket?.Dispose();
    }

    private static TimeSpan? WatchdogInterval()
    {
        var forUs = Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } pid || pid == Environment.ProcessId.ToString();
        return forUs && long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds) : null;
    }

    private void Send(string message)
    {
        try
        {
            socket?.Send(Encoding.UTF8.GetBytes(message));
        }
        catch (SocketException)
        {
            // the manager has gone; it will notice the missing message by itself
        }
    }
}
