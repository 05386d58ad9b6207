namespace Mesh.Http.Http2;

/// <summary>Header lists of finished streams for the next ones. As many as a busy connection has heads in hand; more are left to the collector.</summary>
internal sealed class HeaderListPool
{
    private const int MaxKept = 64;

    private readonly Stack<HeaderList> free = new();

    public HeaderList Rent() => free.TryPop(out var list) ? list : new HeaderList();

    public void Return(HeaderList list)
    {
        if (free.Count >= MaxKept) return;
        list.Clear();
        free.Push(list);
    }
}
