using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Mesh.Netfilter.Namespaces;

namespace Mesh.Kit.Namespaces;

/// <summary>A network namespace of the test's own, with its loopback device up; deleted at the end. Needs root.</summary>
public sealed class TestNamespace : IDisposable
{
    private const int SoMark = 36;
    private static int count;
    private readonly NetworkNamespace network;

    public TestNamespace(string area)
    {
        Number = Interlocked.Increment(ref count);
        Name = $"{area}-{Environment.ProcessId}-{Number}";
        Host("ip", "netns", "add", Name);
        Host("ip", "-n", Name, "link", "set", "lo", "up");
        network = NetworkNamespace.Open(Path);
    }

    public string Name { get; }

    public string Path => $"/run/netns/{Name}";

    public NetworkNamespace Network => network;

    public NamespaceId Id => network.Id;

    private int Number { get; }

    /// <summary>Joins two namespaces by a pair of devices called eth0 here and as told there. Addresses are ADDRESS/PREFIX; IPv6 ones are usable at once.</summary>
    public void Link(TestNamespace peer, string peerDevice, string[] addresses, string[] peerAddresses)
    {
        string left = $"v{Environment.ProcessId % 100_000}l{Number}";
        string right = $"v{Environment.ProcessId % 100_000}r{Number}";
        Host("ip", "link", "add", left, "type", "veth", "peer", "name", right);
        Host("ip", "link", "set", left, "netns", Name, "name", "eth0");
        Host("ip", "link", "set", right, "netns", peer.Name, "name", peerDevice);
        SetUp("eth0", addresses);
        peer.SetUp(peerDevice, peerAddresses);
        foreach (string address in peerAddresses) Host("ip", "-n", Name, "route", "add", "default", "via", address.Split('/')[0]);
    }

    /// <summary>Runs a program inside; fails the test unless it exits with 0.</summary>
    public string Run(params string[] command) => Host(["nsenter", $"--net={Path}", .. command]);

    public Socket MakeSocket(AddressFamily family, SocketType type, int mark = 0)
    {
        Socket socket;
        using (network.Enter()) socket = new Socket(family, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
        if (mark != 0) socket.SetRawSocketOption(1, SoMark, BitConverter.GetBytes(mark));
        return socket;
    }

    /// <param name="address">The IPv6 wildcard accepts both families.</param>
    public Socket Listen(IPAddress address, int port)
    {
        var socket = MakeSocket(address.AddressFamily, SocketType.Stream);
        if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen();
        return socket;
    }

    public async Task<Socket> ConnectAsync(string address, int port, int mark = 0)
    {
        var target = new IPEndPoint(IPAddress.Parse(address), port);
        var socket = MakeSocket(target.AddressFamily, SocketType.Stream, mark);
        try
        {
            await socket.ConnectAsync(target).WaitAsync(TimeSpan.FromSeconds(5));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Null when the connection was made, else why not.</summary>
    public async Task<SocketError?> TryConnectAsync(string address, int port, int mark = 0)
    {
        try
        {
            using var socket = await ConnectAsync(address, port, mark);
            return null;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode;
        }
    }

    /// <summary>Runs a program on the machine; fails the test unless it exits with 0.</summary>
    public static string Host(params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)}: exit code {process.ExitCode}: {error.Result}{output}");
        return output;
    }

    private void SetUp(string device, string[] addresses)
    {
        foreach (string address in addresses)
        {
            string[] noDuplicateDetection = address.Contains(':') ? ["nodad"] : [];
            Host(["ip", "-n", Name, "addr", "add", address, "dev", device, .. noDuplicateDetection]);
        }
        Host("ip", "-n", Name, "link", "set", device, "up");
    }

    public void Dispose()
    {
        network.Dispose();
        if (File.Exists(Path)) Host("ip", "netns", "del", Name);
    }
}
