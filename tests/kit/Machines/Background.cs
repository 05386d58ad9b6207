using System.Diagnostics;

namespace Mesh.Kit.Machines;

/// <summary>A program that runs until it is stopped, its output in a file. Stopped by its process id, never by name.</summary>
public sealed class Background : IAsyncDisposable
{
    private readonly Process process;
    private readonly Task copied;

    private Background(string name, string log, Process process, Task copied) =>
        (Name, Log, this.process, this.copied) = (name, log, process, copied);

    public string Name { get; }

    /// <summary>Standard output and error, appended; a restart with the same file continues it.</summary>
    public string Log { get; }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    public static Background Start(string name, string log, IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>()) start.Environment[key] = value;
        var file = new FileStream(log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new Background(name, log, process, CopyAsync(process, file));
    }

    public string ReadLog()
    {
        using var reader = new StreamReader(new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    /// <summary>The end of the log, for messages of failures.</summary>
    public string LogTail(int lines = 20) => string.Join('\n', ReadLog().Split('\n').TakeLast(lines));

    public async Task SignalAsync(string signal)
    {
        if (!process.HasExited) await Shell.RunAsync($"kill -{signal} {process.Id}");
    }

    /// <summary>Asks it to end and waits; kills it after the bound and says so by returning false.</summary>
    public async Task<bool> StopAsync(TimeSpan bound)
    {
        await SignalAsync("TERM");
        return await EndedWithinAsync(bound);
    }

    public async Task KillAsync()
    {
        await SignalAsync("KILL");
        await EndedWithinAsync(TimeSpan.FromSeconds(5));
    }

    public async Task WaitForExitAsync(TimeSpan bound)
    {
        if (!await EndedWithinAsync(bound)) throw new TimeoutException($"{Name} did not end within {bound.TotalSeconds:0} s");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.FromSeconds(5));
        process.Dispose();
    }

    private async Task<bool> EndedWithinAsync(TimeSpan bound)
    {
        using var deadline = new CancellationTokenSource(bound);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            await copied.WaitAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return false;
        }
    }

    private static async Task CopyAsync(Process process, FileStream file)
    {
        await using var closing = file;
        var writing = new SemaphoreSlim(1);
        await Task.WhenAll(CopyStreamAsync(process.StandardOutput.BaseStream, file, writing), CopyStreamAsync(process.StandardError.BaseStream, file, writing));
    }

    private static async Task CopyStreamAsync(Stream from, FileStream to, SemaphoreSlim writing)
    {
        var buffer = new byte[16384];
        while (await from.ReadAsync(buffer) is > 0 and int read)
        {
            await writing.WaitAsync();
            await to.WriteAsync(buffer.AsMemory(0, read));
            await to.FlushAsync();
            writing.Release();
        }
    }
}
