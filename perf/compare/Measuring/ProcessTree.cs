using System.Globalization;

namespace Mesh.Compare.Measuring;

/// <summary>CPU time and memory of processes and all their children, from /proc.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100; // USER_HZ, fixed on Linux

    /// <summary>Of every thread of every process, user and system, in seconds.</summary>
    public static double CpuSeconds(IEnumerable<int> roots) => Members(roots).Sum(process =>
    {
        string[] fields = AfterName($"/proc/{process}/stat");
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    });

    /// <summary>Resident memory in MiB.</summary>
    public static double ResidentMiB(IEnumerable<int> roots) => Members(roots).Sum(process =>
        File.ReadLines($"/proc/{process}/status").Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))) / 1024;

    private static IEnumerable<int> Members(IEnumerable<int> roots)
    {
        foreach (int process in roots)
        {
            yield return process;
            var children = File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            foreach (int child in Members(children.Select(child => int.Parse(child, CultureInfo.InvariantCulture)))) yield return child;
        }
    }

    /// <summary>Fields of a stat file from the third on: the second, the name, may hold spaces.</summary>
    private static string[] AfterName(string file)
    {
        string text = File.ReadAllText(file);
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }
}
