using Mesh.Http;

namespace Mesh.Proxy.Draining;

/// <summary>One loop's conversations, for the time when the daemon is to end. Used on the loop.</summary>
internal sealed class DrainList
{
    private readonly HashSet<IDrainable> open = [];
    private bool draining;

    /// <summary>From now until it has ended. What begins during the drain is drained at once.</summary>
    public async Task TrackAsync(IDrainable conversation, Task running)
    {
        open.Add(conversation);
        if (draining) conversation.Drain();
        try
        {
            await running;
        }
        finally
        {
            open.Remove(conversation);
        }
    }

    public void Begin()
    {
        if (draining) return;
        draining = true;
        foreach (var conversation in open.ToArray()) conversation.Drain();
    }
}
