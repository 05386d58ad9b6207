using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Mesh.Io;

/// <summary>Builds the value tasks of async methods that run on a loop, named with <c>[AsyncMethodBuilder]</c> on each of them. A suspended method
/// lives in an object that the loop's thread keeps and uses again, so that it allocates nothing; it captures no execution context, and
/// its caller continues inline where it ends, not through the loop's queue. What the framework's builders do instead cost a posted callback and
/// three allocations per suspension.
/// The value task is awaited at most once, on the same loop.</summary>
[SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "the shape that the compiler asks for")]
public struct LoopMethodBuilder<T>
{
    private LoopWork<T>? work;
    private T? result;
    private Exception? error;

    public static LoopMethodBuilder<T> Create() => default;

    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine) where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    public readonly ValueTask<T> Task =>
        work is not null ? new(work, work.Version)
        : error is not null ? ValueTask.FromException<T>(error)
        : new(result!);

    public void SetResult(T value)
    {
        if (work is null) result = value;
        else work.SetResult(value);
    }

    public void SetException(Exception exception)
    {
        if (work is null) error = exception;
        else work.SetException(exception);
    }

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion where TStateMachine : IAsyncStateMachine =>
        awaiter.OnCompleted(LoopWork<T>.Suspend(ref work, ref stateMachine));

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion where TStateMachine : IAsyncStateMachine =>
        awaiter.UnsafeOnCompleted(LoopWork<T>.Suspend(ref work, ref stateMachine));
}

/// <summary><see cref="LoopMethodBuilder{T}"/> for methods without a result.</summary>
[SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "the shape that the compiler asks for")]
public struct LoopMethodBuilder
{
    private LoopWork<bool>? work;
    private Exception? error;

    public static LoopMethodBuilder Create() => default;

    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine) where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    public readonly ValueTask Task =>
        work is not null ? new(work, work.Version)
        : error is not null ? ValueTask.FromException(error)
        : default;

    public readonly void SetResult() => work?.SetResult(true);

    public void SetException(Exception exception)
    {
        if (work is null) error = exception;
        else work.SetException(exception);
    }

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion where TStateMachine : IAsyncStateMachine =>
        awaiter.OnCompleted(LoopWork<bool>.Suspend(ref work, ref stateMachine));

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion where TStateMachine : IAsyncStateMachine =>
        awaiter.UnsafeOnCompleted(LoopWork<bool>.Suspend(ref work, ref stateMachine));
}

/// <summary>A suspended async method and the source of its value task.</summary>
internal abstract class LoopWork<T> : IValueTaskSource<T>, IValueTaskSource
{
    private LoopSource<T> source;

    protected LoopWork() => source.Reset();

    internal short Version => source.Version;

    /// <summary>Resumes the method.</summary>
    internal abstract Action Continue { get; }

    internal void SetResult(T value) => source.SetResult(value);

    internal void SetException(Exception error) => source.SetException(error);

    public ValueTaskSourceStatus GetStatus(short token) => source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token);

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    public T GetResult(short token)
    {
        // Throws for a stale token, whose object may already serve another call.
        _ = source.GetStatus(token);
        try
        {
            return source.GetResult(token);
        }
        finally
        {
            // A new version at once: the value task that was just taken must not reach the object's next call.
            source.Reset();
            Recycle();
        }
    }

    protected abstract void Recycle();

    /// <summary>Moves the state machine off the stack, if that has not happened before.</summary>
    /// <returns>What continues it.</returns>
    internal static Action Suspend<TStateMachine>(ref LoopWork<T>? work, ref TStateMachine stateMachine) where TStateMachine : IAsyncStateMachine
    {
        if (work is not null) return work.Continue;
        var method = LoopMethod<T, TStateMachine>.Rent();
        work = method; // before the copy: the builder is part of the state machine
        method.StateMachine = stateMachine;
        return method.Continue;
    }
}

internal sealed class LoopMethod<T, TStateMachine> : LoopWork<T> where TStateMachine : IAsyncStateMachine
{
    /// <summary>What a burst leaves behind beyond this is left to the garbage collector.</summary>
    private const int MaxIdle = 256;

    [ThreadStatic] private static LoopMethod<T, TStateMachine>? idle;

    internal TStateMachine? StateMachine;
    private LoopMethod<T, TStateMachine>? next;
    private int depth;

    private LoopMethod() => Continue = () => StateMachine!.MoveNext();

    internal override Action Continue { get; }

    internal static LoopMethod<T, TStateMachine> Rent()
    {
        var method = idle;
        if (method is null) return new();
        idle = method.next;
        method.next = null;
        return method;
    }

    protected override void Recycle()
    {
        StateMachine = default;
        var top = idle;
        depth = top is null ? 1 : top.depth + 1;
        if (depth > MaxIdle) return;
        next = top;
        idle = this;
    }
}
