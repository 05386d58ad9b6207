using Google.Protobuf;
using Mesh.Control.Config;
using Mesh.Proxy.Configuration;

namespace Mesh.Control.Translation;

/// <summary>Turns every change of the resource cache into a snapshot in force. Changes that come while one is being translated are merged
/// into the next. The cache is read where it changes; translation happens through the given scheduler, off the loops.</summary>
public sealed class SnapshotPublisher
{
    private readonly SnapshotTranslator translator;
    private readonly SnapshotHolder snapshots;
    private readonly Func<string> trustDomain;
    private readonly Func<Action, Task> offLoop;
    private readonly Action<string> problem;
    private IMessage[]? waiting;
    private bool running;

    /// <param name="trustDomain">For workloads that name none.</param>
    /// <param name="offLoop">Runs the work elsewhere; a simulation runs it at once.</param>
    /// <param name="problem">Told when a translation fails: a resource that passed its own check does not fit with the others. The snapshot before stays.</param>
    public SnapshotPublisher(
        SnapshotTranslator translator, SnapshotHolder snapshots, Func<string> trustDomain, Func<Action, Task> offLoop, Action<string> problem) =>
        (this.translator, this.snapshots, this.trustDomain, this.offLoop, this.problem) = (translator, snapshots, trustDomain, offLoop, problem);

    /// <summary>To be called on every change, always from the same loop or thread.</summary>
    public async void OnChanged(ResourceCache cache)
    {
        waiting = [.. cache.AllMessages()];
        if (running) return;
        running = true;
        try
        {
            while (waiting is { } resources)
            {
                waiting = null;
                await offLoop(() => Publish(resources));
            }
        }
        finally
        {
            running = false;
        }
    }

    private void Publish(IMessage[] resources)
    {
        try
        {
            snapshots.Publish(translator.Translate(resources, trustDomain()));
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException or KeyNotFoundException or OverflowException or NotSupportedException)
        {
            problem($"the new configuration cannot be carried out and the last good one stays: {error.Message}");
        }
    }
}
