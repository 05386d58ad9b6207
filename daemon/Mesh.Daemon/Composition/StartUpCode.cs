using System.Globalization;
using System.Runtime.InteropServices;

namespace Mesh.Daemon.Composition;

/// <summary>Most of the program's code is needed only to start, and every page of it that was touched stays resident. Released, what is still used comes back
/// from the page cache when it is used, and the rest does not.</summary>
internal static partial class StartUpCode
{
    private const int DontNeed = 4; // MADV_DONTNEED (madvise(2))

    /// <summary>The start itself is over, and then what follows it: workloads and configuration that the controller sends.</summary>
    private static readonly TimeSpan afterStart = TimeSpan.FromSeconds(1), afterFirstWork = TimeSpan.FromSeconds(30);

    /// <returns>Ends when everything was released, or with the daemon.</returns>
    public static async Task ReleaseSoonAsync(TimeProvider time, CancellationToken end)
    {
        await Task.Delay(afterStart, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (end.IsCancellationRequested) return;
        Release();
        await Task.Delay(afterFirstWork, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!end.IsCancellationRequested) Release();
    }

    private static void Release()
    {
        Release("/proc/self/smaps");
        NativeHeap.Trim();
    }

    /// <param name="smaps">Of this process.</param>
    public static void Release(string smaps)
    {
        foreach (var (start, length) in CodeIn(File.ReadLines(smaps))) Advise(start, length, DontNeed);
    }

    /// <summary>Mappings of files that may be executed or are shared, cannot be written, and hold no page of our own that would be lost.</summary>
    /// <param name="lines">As smaps has them (proc_pid_smaps(5)).</param>
    public static IEnumerable<(nint Start, nint Length)> CodeIn(IEnumerable<string> lines)
    {
        (nint, nint)? candidate = null;
        foreach (string line in lines)
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!fields[0].EndsWith(':')) candidate = IsCode(fields) ? RangeOf(fields[0]) : null;
            else if (fields[0] == "Anonymous:" && fields[1] == "0" && candidate is { } code) yield return code;
        }
    }

    private static bool IsCode(string[] mapping) =>
        mapping.Length >= 6 && mapping[1] is "r-xp" or "r--s" && mapping[5].StartsWith('/') && !mapping[5].StartsWith("/memfd:", StringComparison.Ordinal);

    private static (nint Start, nint Length) RangeOf(string text)
    {
        string[] ends = text.Split('-');
        nint start = nint.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), end = nint.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, end - start);
    }

    // Without effect where the kernel refuses: then the pages stay.
    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint start, nint length, int advice);
}
