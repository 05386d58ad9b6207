using System.Diagnostics;
using System.Security.Cryptography;
using Mesh.Kit.Machines;

namespace Mesh.Demo.Proofs;

/// <summary>A download of a minute and a TCP session of a line every tenth of a second, started early and kept through everything that must not disturb them.</summary>
internal sealed class LongRunning
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly Background download;
    private readonly Background session;
    private readonly string file;

    private LongRunning(Background download, Background session, string file) => (this.download, this.session, this.file) = (download, session, file);

    public static LongRunning Start(World world)
    {
        string file = Path.Combine(world.Client.Folder, "minute.bin");
        var download = world.Client.Start("download", ["curl", "-sS", "--fail", "--max-time", "120", "-o", file, $"{Catalog.Url}/download/minute.bin"]);
        var session = world.Client.Start("session", [.. World.Self, "talk", "greeter.shop.mesh", "7000"]);
        return new(download, session, file);
    }

    public bool IsUndisturbed => !session.HasExited && (!download.HasExited || download.ExitCode == 0);

    /// <summary>Waits for the download's end and ends the session.</summary>
    /// <returns>What became of both.</returns>
    public async Task<string> FinishAsync(string expectedHash)
    {
        await download.WaitForExitAsync(TimeSpan.FromSeconds(100));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Claims.Must(download.ExitCode == 0, $"the download ended with {download.ExitCode}: {download.LogTail()}");
        byte[] bytes = await File.ReadAllBytesAsync(file);
        Claims.Must(Convert.ToHexStringLower(SHA256.HashData(bytes)) == expectedHash, $"the download has {bytes.Length} bytes and another hash");
        await session.StopAsync(TimeSpan.FromSeconds(10));
        string last = session.LogTail(2).Trim();
        Claims.Must(session.ExitCode == 0 && last.Contains("lines=", StringComparison.Ordinal), $"the TCP session broke: {session.LogTail()}");
        return $"download of {bytes.Length / 1024} KiB complete after {seconds:0} s with its hash right, TCP session {last.Split('\n')[^1]} on one connection";
    }
}
