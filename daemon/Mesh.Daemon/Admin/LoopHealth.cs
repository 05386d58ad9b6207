using Mesh.Io;

namespace Mesh.Daemon.Admin;

/// <summary>Asks every loop for a sign of life: a callback that it must run in time.</summary>
public sealed class LoopHealth(IReadOnlyList<Loop> loops, TimeProvider time)
{
    /// <summary>A turn of a loop takes milliseconds; one that takes this long is stuck.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <returns>Names of the loops that did not answer in time.</returns>
    public async Task<IReadOnlyList<string>> StalledAsync()
    {
        var answers = loops.Select(loop => loop.RunAsync(static () => Task.CompletedTask)).ToArray();
        try
        {
            await Task.WhenAll(answers).WaitAsync(Patience, time);
            return [];
        }
        catch (TimeoutException)
        {
            return [.. loops.Where((_, index) => !answers[index].IsCompleted).Select(loop => loop.Name)];
        }
    }
}
