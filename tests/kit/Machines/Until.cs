using System.Diagnostics;

namespace Mesh.Kit.Machines;

/// <summary>Waiting for something outside this process: asked again every few milliseconds, never longer than the bound.</summary>
public static class Until
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(25);

    /// <summary>How long it took. The condition is asked at least once.</summary>
    /// <exception cref="TimeoutException">Names what was waited for, with the last answer of <paramref name="detail"/>.</exception>
    public static async Task<TimeSpan> TrueAsync(string what, TimeSpan bound, Func<Task<bool>> condition, Func<string>? detail = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await condition()) return Stopwatch.GetElapsedTime(start);
            if (Stopwatch.GetElapsedTime(start) > bound)
                throw new TimeoutException($"{what}: not within {bound.TotalSeconds:0.#} s{(detail is null ? "" : "\n" + detail())}");
            await Task.Delay(pause, TimeProvider.System);
        }
    }

    public static Task<TimeSpan> TrueAsync(string what, TimeSpan bound, Func<bool> condition, Func<string>? detail = null) =>
        TrueAsync(what, bound, () => Task.FromResult(condition()), detail);
}
