using System.Diagnostics;

namespace Mesh.Kit.Machines;

/// <summary>What a program that ran to its end left behind.</summary>
public sealed record ShellResult(string Command, int ExitCode, string Output, string Error)
{
    public bool Ok => ExitCode == 0;

    /// <exception cref="ShellException">The program failed; the message has its output.</exception>
    public ShellResult Must() => Ok ? this : throw new ShellException(this);

    public override string ToString() => $"$ {Command}\n(exit {ExitCode})\n{Output}{Error}";
}

public sealed class ShellException(ShellResult result) : Exception($"command failed: {result}");

/// <summary>Runs programs of the machine. Every run is bounded; a program that exceeds its bound is killed and reported with exit code 124.</summary>
public static class Shell
{
    public static readonly TimeSpan DefaultBound = TimeSpan.FromSeconds(30);

    /// <summary>A command line without quoting: arguments are separated by single spaces.</summary>
    public static Task<ShellResult> RunAsync(string commandLine) => RunAsync(commandLine.Split(' '));

    public static async Task<ShellResult> RunAsync(
        IReadOnlyList<string> command, string? input = null, IReadOnlyDictionary<string, string>? environment = null, TimeSpan? bound = null)
    {
        using var process = Start(command, environment);
        using var deadline = new CancellationTokenSource(bound ?? DefaultBound);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await WriteInputAsync(process, input);
        int exitCode;
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            exitCode = process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            exitCode = 124;
        }
        return new ShellResult(string.Join(' ', command), exitCode, await output, await error);
    }

    public static async Task<string> MustAsync(string commandLine) => (await RunAsync(commandLine)).Must().Output;

    private static Process Start(IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static async Task WriteInputAsync(Process process, string? input)
    {
        try
        {
            if (input is not null) await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading its input; its exit code says why.
        }
    }
}
