using System.Diagnostics.CodeAnalysis;

namespace Mesh.Http.Http2;

/// <summary>The streams of a connection and what must be remembered of closed ones (RFC 9113 5.1, 5.1.1).</summary>
internal sealed class StreamTable(bool isServer)
{
    // The peer may have frames on the way to streams that we reset. As many as it can have had open within a few round trips.
    private const int RememberedResets = 1024;

    private readonly Dictionary<int, Http2Stream> open = [];
    private readonly HashSet<int> resetHere = [];
    private readonly Queue<int> resetOrder = new();

    public int Count => open.Count;

    public IEnumerable<Http2Stream> Open => open.Values;

    /// <summary>The highest stream that the peer began; 0 before the first.</summary>
    public int LastPeerId { get; set; }

    /// <summary>The next stream that we begin; negative when they are used up.</summary>
    public int NextLocalId { get; private set; } = 1;

    /// <summary>Since the connection began. Identifiers may be passed over, so they do not tell.</summary>
    public int Begun { get; private set; }

    public int TakeLocalId()
    {
        int id = NextLocalId;
        NextLocalId = unchecked(id + 2);
        return id;
    }

    public bool TryGet(int id, [NotNullWhen(true)] out Http2Stream? stream) => open.TryGetValue(id, out stream);

    public void Add(Http2Stream stream)
    {
        Begun++;
        open.Add(stream.Id, stream);
    }

    public bool Remove(Http2Stream stream) => open.Remove(stream.Id);

    /// <summary>Not yet begun by whoever may begin it; streams that push would open stay idle for ever.</summary>
    public bool IsIdle(int id)
    {
        bool clients = (id & 1) == 1;
        if (!clients) return true;
        return isServer ? id > LastPeerId : NextLocalId > 0 && id >= NextLocalId;
    }

    public void RememberReset(int id)
    {
        if (!resetHere.Add(id)) return;
        resetOrder.Enqueue(id);
        if (resetOrder.Count > RememberedResets) resetHere.Remove(resetOrder.Dequeue());
    }

    /// <summary>We reset it not long ago: frames for it are ordinary and ignored (5.1).</summary>
    public bool WasResetHere(int id) => resetHere.Contains(id);
}
