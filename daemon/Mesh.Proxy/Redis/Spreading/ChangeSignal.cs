using System.Threading.Tasks.Sources;
using Mesh.Io;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>Wakes the one who waits that something has changed; who waits looks again whether it is what it waits for. The waiter continues inline.</summary>
internal sealed class ChangeSignal : IValueTaskSource
{
    private LoopSource<bool> source;

    public ValueTask WaitAsync()
    {
        source.Reset();
        return new(this, source.Version);
    }

    public void Set()
    {
        if (source.IsWaiting) source.SetResult(true);
    }

    public void GetResult(short token) => source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token);
}
