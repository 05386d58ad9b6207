using Mesh.Control.Config;
using Mesh.Proxy.Configuration;

namespace Mesh.Control.Translation;

/// <summary>Turns every change of the resource cache into a snapshot in force. Changes that come while one is being translated are merged
/// into the next. Translation happens through the given scheduler, off the loops.</summary>
public sealed class SnapshotPublisher
{
    private readonly ResourceCache cache;
    private readonly Func<long, SnapshotTranslator> newTranslator;
    private readonly SnapshotHolder snapshots;
    private readonly Func<string> trustDomain;
    private readonly Func<Action, Task> offLoop;
    private readonly Action<string> problem;
    private readonly Lock gate = new();
    private SnapshotTranslator? translator;
    private List<ConfigChange>? waiting;
    private bool running;

    /// <param name="newTranslator">Makes one that counts on from that version; asked for again after a failure.</param>
    /// <param name="trustDomain">For workloads that name none.</param>
    /// <param name="offLoop">Runs the work elsewhere; a simulation runs it at once.</param>
    /// <param name="problem">Told when a translation fails: a resource that passed its own check does not fit with the others. The snapshot before
    /// stays until the next change, with which everything is translated anew.</param>
    public SnapshotPublisher(ResourceCache cache, Func<long, SnapshotTranslator> newTranslator,
        SnapshotHolder snapshots, Func<string> trustDomain, Func<Action, Task> offLoop, Action<string> problem)
    {
        (this.cache, this.newTranslator, this.snapshots, this.trustDomain, this.offLoop, this.problem) =
            (cache, newTranslator, snapshots, trustDomain, offLoop, problem);
        cache.Changed += OnChanged;
    }

    private void OnChanged(IReadOnlyList<ConfigChange> changes)
    {
        lock (gate)
        {
            if (translator is null)
            {
                translator = newTranslator(snapshots.Current.Version);
                changes = [.. cache.Resources.Select(static resource => new ConfigChange(resource.TypeUrl, resource.Name, resource))];
            }
            (waiting ??= []).AddRange(changes);
            if (running) return;
            running = true;
        }
        Run();
    }

    /// <summary>A failure that is not expected ends the process.</summary>
    private async void Run()
    {
        while (Take() is var (current, changes)) await offLoop(() => Publish(current, changes));
    }

    /// <returns>Null: there is nothing to do now.</returns>
    private (SnapshotTranslator Translator, List<ConfigChange> Changes)? Take()
    {
        lock (gate)
        {
            var changes = waiting;
            waiting = null;
            if (changes is not null && translator is not null) return (translator, changes);
            running = false;
            return null;
        }
    }

    private void Publish(SnapshotTranslator current, List<ConfigChange> changes)
    {
        try
        {
            snapshots.Publish(current.Apply(changes, trustDomain()));
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException or KeyNotFoundException or OverflowException or NotSupportedException)
        {
            lock (gate) translator = null;
            problem($"the new configuration cannot be carried out and the last good one stays: {error.Message}");
        }
    }
}
