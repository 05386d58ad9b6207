using Mesh.Compare.Candidates;
using Mesh.Compare.Results;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Measuring;

/// <summary>What a scenario measures with and where it leaves its figures. Says what happens as it happens.</summary>
/// <param name="stop">Asks to end early; noticed at the next line that is said or the next candidate.</param>
internal sealed class Session(Plan plan, Samples samples, TextWriter output, CancellationToken stop)
{
    public Plan Plan => plan;

    /// <summary>Whether every candidate was measured in every round.</summary>
    public bool IsComplete { get; private set; } = true;

    public Task SayAsync(string line)
    {
        stop.ThrowIfCancellationRequested();
        return output.WriteLineAsync($"  {line}");
    }

    public void Record(Figure figure, string candidate, double value) => samples.Add(figure, candidate, value);

    public void Note(string fact)
    {
        if (!samples.Notes.Contains(fact)) samples.Notes.Add(fact);
    }

    /// <summary>A fresh data centre; what runs in it ends with it.</summary>
    public static Task<Lab> CreateLabAsync() => Lab.CreateAsync("mesh-bench");

    /// <returns>The candidates that started. One that did not is named, with the reason and its last words, and left out.</returns>
    public async Task<List<Candidate>> StartAsync(IAsyncEnumerable<CandidateStart> starts)
    {
        var started = new List<Candidate>();
        await foreach (var start in starts)
        {
            try
            {
                var candidate = await start.Started;
                await Ports.WidenAsync(candidate);
                started.Add(candidate);
            }
            catch (Exception error) when (!stop.IsCancellationRequested)
            {
                await FailedAsync(start.Name, "could not be started", error, "");
            }
        }
        return started;
    }

    /// <summary>Does something with each candidate; one that fails is named with its last words and taken out of the list.</summary>
    public async Task ForEachAsync(List<Candidate> candidates, Func<Candidate, Task> action)
    {
        foreach (var candidate in candidates.ToArray())
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                await action(candidate);
            }
            catch (Exception error) when (!stop.IsCancellationRequested)
            {
                candidates.Remove(candidate);
                await FailedAsync(candidate.Name, "failed", error, candidate.LogTails);
            }
        }
    }

    private async Task FailedAsync(string name, string how, Exception error, string lastWords)
    {
        IsComplete = false;
        Note($"{name} {how}: {error.Message.Split('\n')[0]}");
        await SayAsync($"{name} {how}: {error.Message}");
        if (lastWords.Length > 0) await SayAsync($"{name} said last:\n{lastWords}");
    }
}
