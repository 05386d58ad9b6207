namespace Mesh.Kit.Machines;

/// <summary>A Debian with systemd as process 1, booted in a container of its own over a read-only base, so that every boot is the first one.
/// Takes about a second; the base is made once by scripts/systemd-root and kept in the user's cache.</summary>
public sealed class BootedSystem : IAsyncDisposable
{
    private static readonly TimeSpan bootBound = TimeSpan.FromSeconds(60);
    private readonly Background nspawn;
    private readonly string folder;
    private string leader = "";

    private BootedSystem(Background nspawn, string folder) => (this.nspawn, this.folder) = (nspawn, folder);

    /// <param name="repository">Where scripts/systemd-root is; the folder appears inside, read-only, as /repository.</param>
    public static async Task<BootedSystem> StartAsync(string repository)
    {
        string root = (await Shell.RunAsync([Path.Combine(repository, "scripts", "systemd-root")], bound: TimeSpan.FromMinutes(10))).Must().Output.Trim();
        string folder = Directory.CreateTempSubdirectory("mesh-boot-").FullName;
        var nspawn = Background.Start("systemd-nspawn", Path.Combine(folder, "boot.log"),
        [
            "systemd-nspawn", "-D", root, "--volatile=overlay", "--boot", "--register=no", "--keep-unit", "--private-network",
            $"--machine=mesh-{Environment.ProcessId}", $"--bind-ro={repository}:/repository",
        ]);
        var system = new BootedSystem(nspawn, folder);
        try
        {
            await system.WaitForBootAsync();
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public Task<ShellResult> RunAsync(IReadOnlyList<string> command, string? input = null) =>
        Shell.RunAsync(["nsenter", "-t", leader, "-a", .. command], input, bound: TimeSpan.FromMinutes(2));

    public Task<ShellResult> RunAsync(string commandLine) => RunAsync(commandLine.Split(' '));

    public async Task<string> MustAsync(string commandLine) => (await RunAsync(commandLine)).Must().Output;

    /// <summary>A property of a unit, as systemctl shows it.</summary>
    public async Task<string> ShowAsync(string unit, string property) => (await MustAsync($"systemctl show -p {property} --value {unit}")).Trim();

    public async ValueTask DisposeAsync()
    {
        if (leader.Length > 0) await RunAsync("systemctl poweroff");
        try
        {
            await nspawn.WaitForExitAsync(TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            // It was killed by the wait.
        }
        await nspawn.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task WaitForBootAsync()
    {
        await Until.TrueAsync("the container's process 1 runs", bootBound, () =>
        {
            if (nspawn.HasExited) throw new InvalidOperationException($"systemd-nspawn ended: {nspawn.LogTail()}");
            leader = File.ReadAllText($"/proc/{nspawn.Id}/task/{nspawn.Id}/children").Trim();
            return leader.Length > 0 && !leader.Contains(' ') && IsFirstOfItsNamespace(leader);
        }, () => nspawn.LogTail());
        string state = "";
        await Until.TrueAsync("the system has booted", bootBound, async () =>
        {
            state = (await RunAsync("systemctl is-system-running")).Output.Trim();
            return state is "running" or "degraded";
        }, () => $"state '{state}', {nspawn.LogTail()}");
    }

    /// <summary>nspawn's first child only prepares the mounts and is gone once process 1 runs: it has one number, process 1 has two, ours and "1".</summary>
    private static bool IsFirstOfItsNamespace(string process)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status").Any(line => line.StartsWith("NSpid:", StringComparison.Ordinal) && line.EndsWith("\t1", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return false;
        }
    }
}
