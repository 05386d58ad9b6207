using System.Net;
using System.Net.Sockets;
using Mesh.Netfilter.Namespaces;

namespace Mesh.Kit.Machines;

/// <summary>A named network namespace (/run/netns/NAME) and programs that run in it. Deleting it ends what still runs inside.</summary>
public sealed class HostNamespace : IAsyncDisposable
{
    private readonly string? resolvConf;

    private HostNamespace(string name, string? resolvConf) => (Name, this.resolvConf) = (name, resolvConf);

    public string Name { get; }

    public string Path => $"/run/netns/{Name}";

    /// <param name="resolvConf">A file that programs in the namespace see as /etc/resolv.conf; null leaves the machine's.</param>
    public static async Task<HostNamespace> CreateAsync(string name, string? resolvConf = null)
    {
        await Shell.MustAsync($"ip netns add {name}");
        var created = new HostNamespace(name, resolvConf);
        await created.MustAsync("ip link set lo up");
        // Addresses are usable at once: nobody else can have them here.
        await created.MustAsync("sysctl -q -w net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
        return created;
    }

    /// <summary>Removes namespaces with this prefix whose maker (a process id follows the prefix) is gone, after a run that was killed.</summary>
    public static async Task RemoveAbandonedAsync(string prefix)
    {
        if (!Directory.Exists("/run/netns")) return;
        foreach (string path in Directory.GetFiles("/run/netns", $"{prefix}-*"))
        {
            string name = System.IO.Path.GetFileName(path);
            string maker = name[(prefix.Length + 1)..].Split('-')[0];
            if (!Directory.Exists($"/proc/{maker}")) await new HostNamespace(name, null).DisposeAsync();
        }
    }

    /// <summary>The command as it must be started to run inside. The process id is that of the command itself: nothing forks in between.</summary>
    public string[] Inside(IReadOnlyList<string> command)
    {
        string[] enter = ["nsenter", $"--net={Path}"];
        if (resolvConf is null) return [.. enter, .. command];
        return [.. enter, "unshare", "--mount", "sh", "-c", "mount --bind \"$0\" \"$(readlink -f /etc/resolv.conf)\" && exec \"$@\"", resolvConf, .. command];
    }

    public Task<ShellResult> RunAsync(string commandLine) => RunAsync(commandLine.Split(' '));

    public Task<ShellResult> RunAsync(IReadOnlyList<string> command, string? input = null, TimeSpan? bound = null) =>
        Shell.RunAsync(Inside(command), input, null, bound);

    public async Task<string> MustAsync(string commandLine) => (await RunAsync(commandLine)).Must().Output;

    /// <summary>A socket of this process that lives inside: TCP over IPv4.</summary>
    public Socket MakeSocket()
    {
        using var network = NetworkNamespace.Open(Path);
        using (network.Enter()) return new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    }

    /// <summary>Such a socket, bound on loopback, for a server of this process.</summary>
    public Socket Bind(int port)
    {
        var socket = MakeSocket();
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        var inside = (await Shell.RunAsync($"ip netns pids {Name}")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string process in inside) await Shell.RunAsync($"kill -KILL {process}");
        await Shell.RunAsync($"ip netns delete {Name}");
    }
}
