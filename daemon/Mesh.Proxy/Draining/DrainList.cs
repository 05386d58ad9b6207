using Mesh.Http;

namespace Mesh.Proxy.Draining;

/// <summary>One loop's conversations, for the time when the daemon is to end. Used on the loop.</summary>
internal sealed class DrainList
{
    private readonly HashSet<IDrainable> open = [];
    private bool draining;

    /// <summary>Of a conversation that has begun, until the registration is disposed. During the drain it is drained at once: what it has received already is served.</summary>
    public Registration Track(IDrainable conversation)
    {
        open.Add(conversation);
        if (draining) conversation.Drain();
        return new Registration(this, conversation);
    }

    public void Begin()
    {
        if (draining) return;
        draining = true;
        foreach (var conversation in open.ToArray()) conversation.Drain();
    }

    internal readonly struct Registration(DrainList list, IDrainable conversation) : IDisposable
    {
        public void Dispose() => list.open.Remove(conversation);
    }
}
