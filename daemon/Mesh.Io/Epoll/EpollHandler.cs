namespace Mesh.Io.Epoll;

/// <summary>Something with a descriptor in a loop's interest set. Called only on the loop.</summary>
internal abstract class EpollHandler
{
    /// <summary>Where the loop keeps the handler; -1 when it is not registered.</summary>
    internal int Slot { get; set; } = -1;

    internal abstract int Fd { get; }

    internal abstract void OnReady(uint events);
}
