using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Mesh.Daemon.Systemd;

/// <summary>Tells the service manager about our state: sd_notify(3). Does nothing where there is no service manager. Thread-safe.</summary>
public sealed class Notifier
{
    private readonly UnixDomainSocketEndPoint? manager;
    private readonly TimeProvider time;

    /// <param name="address">The value of NOTIFY_SOCKET: a path, or a name in the abstract namespace after '@'. Null: no service manager.</param>
    public Notifier(string? address, TimeProvider time)
    {
        this.time = time;
        if (string.IsNullOrEmpty(address)) return;
        manager = new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address);
    }

    public bool IsManaged => manager is not null;

    /// <param name="status">One line for systemctl status.</param>
    public void Ready(string status) => Send($"READY=1\nSTATUS={OneLine(status)}");

    /// <summary>To be followed by <see cref="Ready"/>. The time makes Type=notify-reload work.</summary>
    public void Reloading() => Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={(long)time.GetElapsedTime(0).TotalMicroseconds}"));

    public void Stopping() => Send("STOPPING=1");

    public void Status(string status) => Send($"STATUS={OneLine(status)}");

    /// <summary>Asks for more time to start or stop.</summary>
    public void Extend(TimeSpan by) => Send(string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={(long)by.TotalMicroseconds}"));

    internal void Watchdog() => Send("WATCHDOG=1");

    private void Send(string state)
    {
        if (manager is null) return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(state), manager);
        }
        catch (SocketException)
        {
            // The manager notices by itself: start-up times out or the watchdog bites. There is nobody else to tell.
        }
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
