using System.Diagnostics;
using Mesh.Soak.Bodies;

namespace Mesh.Soak.Loading;

/// <summary>Workers that have one conversation after another until they are told to stop. What a worker does follows from the seed alone.</summary>
internal sealed class LoadRun(LoadOptions options, TextWriter output)
{
    /// <summary>Longer than anything takes on a busy machine; what takes longer hangs.</summary>
    private static readonly TimeSpan conversationBound = TimeSpan.FromSeconds(60);

    private const int SpokenFailures = 50;

    private readonly Ledger ledger = new(options.Name);
    private readonly Dictionary<string, long> counts = [];
    private readonly Lock gate = new();
    private long failures;

    public async Task<LoadReport> RunAsync(CancellationToken stopping)
    {
        await Task.WhenAll(Enumerable.Range(0, options.Workers).Select(worker => Task.Run(() => WorkAsync(worker, stopping), CancellationToken.None)));
        ledger.Save(options.Ledger);
        return new LoadReport(options.Name, counts, failures, ledger.Totals);
    }

    private async Task WorkAsync(int worker, CancellationToken stopping)
    {
        var clients = options.Targets.ToDictionary(target => target, _ => new HttpClients());
        var interval = TimeSpan.FromSeconds((double)options.Workers / options.Rate);
        for (ulong number = 0; !stopping.IsCancellationRequested; number++)
        {
            long start = Stopwatch.GetTimestamp();
            ulong seed = Pattern.Mix(options.Seed + ((ulong)worker << 40) + number);
            var draw = new Draw(seed);
            var target = options.Targets[draw.Below(options.Targets.Count)];
            await ConverseAsync(Choose(draw, target), target, draw, clients[target]);
            var rest = interval - Stopwatch.GetElapsedTime(start);
            if (rest > TimeSpan.Zero) await Task.Delay(rest, TimeProvider.System, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        foreach (var client in clients.Values) client.Dispose();
    }

    private TrafficKind Choose(Draw draw, Target target)
    {
        var fitting = Catalogue.All.Where(kind => kind.Fits(target) && (options.Kinds.Count == 0 || options.Kinds.Contains(kind.Name))).ToList();
        int place = draw.Below(fitting.Sum(kind => kind.Share));
        return fitting.First(kind => (place -= kind.Share) < 0);
    }

    private async Task ConverseAsync(TrafficKind kind, Target target, Draw draw, HttpClients clients)
    {
        using var bound = new CancellationTokenSource(conversationBound);
        var conversation = new Conversation(target, draw, ledger, clients, bound.Token);
        long start = Stopwatch.GetTimestamp();
        try
        {
            await kind.RunAsync(conversation).WaitAsync(conversationBound + conversationBound / 10, CancellationToken.None);
        }
        catch (Exception error)
        {
            string what = error is WrongException ? error.Message
                : bound.IsCancellationRequested ? $"not done within {conversationBound.TotalSeconds:0} s: {error}" : error.ToString();
            Fail($"{kind.Name} to {target.Name}, seed {draw.Seed:x}, after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms, {conversation.Doing}: {what}");
        }
        lock (gate) counts[kind.Name] = counts.GetValueOrDefault(kind.Name) + 1;
    }

    private void Fail(string what)
    {
        lock (gate)
        {
            if (++failures > SpokenFailures) return;
            output.WriteLine($"{Serving.Complaints.Mark} {TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {options.Name}: {what}");
            output.Flush();
        }
    }
}
