namespace Mesh.Controller.Api;

internal sealed class ApiLimits
{
    /// <summary>As in Kubernetes.</summary>
    public int BodyBytes { get; init; } = 3 * 1024 * 1024;

    /// <summary>Open watches. Each holds a queue of events that it shares with the store: a few kilobytes while it keeps up.</summary>
    public int Watches { get; init; } = 1000;

    /// <summary>A watch ends after this long, with some spread by the client's own timeout; clients continue where they were.</summary>
    public TimeSpan WatchTime { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Between bookmarks, which tell a silent watch how far the store has moved.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromSeconds(60);
}
