using System.Globalization;

namespace Mesh.Tests.Fuzz;

/// <summary>CPU time of the calling thread, whatever else the machine does: to a hundredth of a second, as proc(5) has it.</summary>
internal static class ThreadTime
{
    private const int UserTime = 11, SystemTime = 12; // fields behind the name
    private const int TicksPerSecond = 100;

    public static TimeSpan Now()
    {
        string stat = File.ReadAllText("/proc/thread-self/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds((Ticks(fields[UserTime]) + Ticks(fields[SystemTime])) / (double)TicksPerSecond);
    }

    private static long Ticks(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
