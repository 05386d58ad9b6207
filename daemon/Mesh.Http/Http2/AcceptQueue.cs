namespace Mesh.Http.Http2;

/// <summary>Requests that arrived and were not taken yet. Bounded by the streams that the peer may have open.</summary>
internal sealed class AcceptQueue(ConnectionLife life) : LoopWait<Http2Stream?>
{
    private readonly Queue<Http2Stream> streams = new();

    public void Add(Http2Stream stream) => streams.Enqueue(stream);

    public ValueTask<Http2Stream?> TakeAsync() => TryComplete(out var stream) ? new ValueTask<Http2Stream?>(stream) : WaitAsync();

    protected override bool TryComplete(out Http2Stream? result) =>
        streams.TryDequeue(out result) || life.IsOver || life.IsDrained;
}
