using System.Text;
using Mesh.Netfilter.Processes;

namespace Mesh.Netfilter.Rules;

/// <summary>The restore and save programs of one address family. The nf_tables variant is preferred: a restore is then one kernel transaction per table
/// and takes no lock shared with the host.</summary>
internal sealed class FirewallTools(string restorePath, string savePath)
{
    // A restore takes milliseconds; a machine that needs more than this is stuck, and the runtime's own patience ends too.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static readonly string[] Folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"];

    /// <exception cref="CaptureException">They are not installed.</exception>
    internal static FirewallTools Locate(IpFamily family)
    {
        string prefix = family == IpFamily.IPv4 ? "iptables" : "ip6tables";
        string? restore = Find($"{prefix}-nft-restore") ?? Find($"{prefix}-restore");
        string? save = Find($"{prefix}-nft-save") ?? Find($"{prefix}-save");
        if (restore is null || save is null)
            throw new CaptureException($"{prefix}-restore is not in {string.Join(", ", Folders)}: install the Debian package iptables");
        return new(restore, save);
    }

    internal ChildProcess StartRestore(string script) =>
        ChildProcess.Start(restorePath, ["--noflush", "-w", "5"], Encoding.ASCII.GetBytes(script));

    /// <summary>Null when it worked, else what the program said.</summary>
    internal static string? FinishRestore(ChildProcess restore)
    {
        var result = restore.Wait(Timeout);
        return result.ExitCode == 0 ? null : result.Error is "" ? $"exit code {result.ExitCode}" : result.Error.ReplaceLineEndings(" ");
    }

    internal string? Restore(string script)
    {
        using var child = StartRestore(script);
        return FinishRestore(child);
    }

    internal ChildProcess StartSave() => ChildProcess.Start(savePath, [], []);

    /// <exception cref="CaptureException">It failed.</exception>
    internal static SavedRules FinishSave(ChildProcess save)
    {
        var result = save.Wait(Timeout);
        if (result.ExitCode != 0) throw new CaptureException($"{save.Name} failed: {result.Error.ReplaceLineEndings(" ")}");
        return SavedRules.Parse(result.Output);
    }

    internal SavedRules Save()
    {
        using var child = StartSave();
        return FinishSave(child);
    }

    private static string? Find(string program)
    {
        foreach (string folder in Folders)
        {
            string path = $"{folder}/{program}";
            if (File.Exists(path)) return path;
        }
        return null;
    }
}
