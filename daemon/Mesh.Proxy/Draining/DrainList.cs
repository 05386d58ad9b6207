using Mesh.Http;

namespace Mesh.Proxy.Draining;

/// <summary>One loop's conversations, for the time when the daemon is to end. Used on the loop.</summary>
internal sealed class DrainList
{
    private readonly HashSet<IDrainable> open = [];

    public bool IsDraining { get; private set; }

    /// <summary>What begins during the drain is drained at once.</summary>
    public void Add(IDrainable conversation)
    {
        open.Add(conversation);
        if (IsDraining) conversation.Drain();
    }

    public void Remove(IDrainable conversation) => open.Remove(conversation);

    public void Begin()
    {
        if (IsDraining) return;
        IsDraining = true;
        foreach (var conversation in open.ToArray()) conversation.Drain();
    }
}
