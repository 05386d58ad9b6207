using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace Mesh.Io;

/// <summary>The reusable core of a value task that completes on a loop: the continuation runs inline where the result is set,
/// whatever context the awaiter asked for, because awaiter and completer are on the same loop. One waiter at a time.</summary>
public struct LoopSource<T>
{
    private Action<object?>? continuation;
    private object? state;
    private T? result;
    private Exception? error;
    private bool completed;

    public short Version { get; private set; }

    public bool IsWaiting { get; private set; }

    /// <summary>Starts a new operation; its value task is made with <see cref="Version"/>.</summary>
    public void Reset()
    {
        Version++;
        continuation = null;
        state = null;
        result = default;
        error = null;
        completed = false;
        IsWaiting = true;
    }

    public readonly ValueTaskSourceStatus GetStatus(short token)
    {
        Check(token);
        if (!completed) return ValueTaskSourceStatus.Pending;
        return error is null ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Faulted;
    }

    public void OnCompleted(Action<object?> callback, object? callbackState, short token)
    {
        Check(token);
        if (completed)
        {
            callback(callbackState);
            return;
        }
        if (continuation is not null) throw new InvalidOperationException("one awaiter at a time");
        (continuation, state) = (callback, callbackState);
    }

    public T GetResult(short token)
    {
        Check(token);
        if (!completed) throw new InvalidOperationException("the operation has not completed");
        if (error is not null) ExceptionDispatchInfo.Throw(error);
        return result!;
    }

    public void SetResult(T value)
    {
        result = value;
        Complete();
    }

    public void SetException(Exception exception)
    {
        error = exception;
        Complete();
    }

    private void Complete()
    {
        completed = true;
        IsWaiting = false;
        var callback = continuation;
        if (callback is null) return;
        var callbackState = state;
        continuation = null;
        state = null;
        callback(callbackState);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Check(short token)
    {
        if (token != Version) ThrowStale();
    }

    private static void ThrowStale() => throw new InvalidOperationException("the result of this operation was already taken");
}
