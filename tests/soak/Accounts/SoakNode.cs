using System.Globalization;
using Mesh.Demo;
using Mesh.Kit.Machines;

namespace Mesh.Soak.Accounts;

/// <summary>A machine with its meshd, the access log of which is read as it is written.</summary>
internal sealed class SoakNode
{
    private readonly string accessLog;

    public SoakNode(Machine machine, string programs)
    {
        Machine = machine;
        accessLog = Path.Combine(machine.Folder, "access.fifo");
        // The shell becomes the daemon: the process id stays.
        Daemon = new MeshDaemon(machine, programs) { Prefix = ["sh", "-c", $"exec \"$0\" \"$@\" >{accessLog}"] };
    }

    public Machine Machine { get; }
    public MeshDaemon Daemon { get; }
    public AccessCount Records { get; } = new();

    /// <summary>Of the last time it was measured.</summary>
    public Metrics LastMetrics { get; private set; } = new();

    public async Task StartAsync(MeshController controller)
    {
        (await Shell.RunAsync($"mkfifo {accessLog}")).Must();
        Records.Follow(accessLog);
        await Daemon.JoinAsync(controller);
    }

    public async Task<Usage> MeasureAsync()
    {
        LastMetrics = Metrics.Parse(await Daemon.MetricsAsync());
        string resident = File.ReadLines($"/proc/{Daemon.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return new Usage(long.Parse(new string([.. resident.Where(char.IsAsciiDigit)]), CultureInfo.InvariantCulture),
            Directory.GetFileSystemEntries($"/proc/{Daemon.Id}/fd").Length, LastMetrics);
    }
}

/// <summary>What a daemon holds at one moment.</summary>
internal sealed record Usage(long ResidentKiB, int Descriptors, Metrics Metrics);
