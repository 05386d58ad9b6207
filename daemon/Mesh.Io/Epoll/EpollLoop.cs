using System.Collections.Concurrent;
using System.Diagnostics;
using Mesh.Io.Native;

namespace Mesh.Io.Epoll;

/// <summary>A loop on its own thread waiting on an epoll instance, edge-triggered. Each turn: events, posted work, timers.</summary>
public sealed unsafe class EpollLoop : Loop, IDisposable
{
    private const int MaxEventsPerTurn = 256;

    /// <summary>Posted work runs in slices of this size, so that sockets are not starved by it.</summary>
    private const int MaxPostsPerTurn = 256;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int EventLength = OperatingSystem.IsLinux() && sizeof(nint) == 8 && IsX64 ? 12 : 16;
    private static readonly int EventDataOffset = EventLength - 8;

    private readonly int epoll;
    private readonly int wakeup;
    private readonly ConcurrentQueue<(Action<object?> Callback, object? State)> posts = new();
    private readonly byte[] events = GC.AllocateUninitializedArray<byte>(MaxEventsPerTurn * 16, pinned: true);
    private readonly Action<Exception> unhandled;
    private readonly Thread thread;
    private EpollHandler?[] handlers = new EpollHandler?[64];
    private readonly Stack<int> freeSlots = new();
    private int slotCount;
    private int wakeupPending;
    private volatile bool stopping;
    private long busyTicks;

    /// <param name="unhandled">Gets what escapes a callback: a broken invariant. The loop itself goes on.</param>
    public EpollLoop(string name, int index, TimeProvider time, Action<Exception> unhandled) : base(name, index, time)
    {
        this.unhandled = unhandled;
        epoll = LibC.EpollCreate(LibC.EpollCloseOnExec);
        wakeup = LibC.EventFd(0, LibC.SockNonBlock | LibC.SockCloseOnExec);
        if (epoll < 0 || wakeup < 0) throw new IOException($"no epoll instance: {LibC.Describe(LibC.LastError)}");
        Register(new WakeupHandler(this), LibC.EpollIn | LibC.EpollEdge);
        thread = new Thread(Run) { Name = name, IsBackground = true };
        thread.Start();
    }

    private static bool IsX64 => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64;

    /// <summary>Time spent working rather than waiting, since the start. Read from any thread.</summary>
    public TimeSpan Busy => Stopwatch.GetElapsedTime(0, Volatile.Read(ref busyTicks));

    public override void Post(Action<object?> callback, object? state)
    {
        posts.Enqueue((callback, state));
        if (IsCurrent || Interlocked.Exchange(ref wakeupPending, 1) != 0) return;
        Wake();
    }

    /// <summary>Ends the thread after the current turn. Connections still on the loop are not closed: their owners do that first.</summary>
    public void Dispose()
    {
        if (stopping) return;
        stopping = true;
        Wake();
        if (!IsCurrent) thread.Join();
        LibC.Close(epoll);
        LibC.Close(wakeup);
    }

    internal void Register(EpollHandler handler, uint interest)
    {
        int slot = freeSlots.Count > 0 ? freeSlots.Pop() : slotCount++;
        if (slot >= handlers.Length) Array.Resize(ref handlers, handlers.Length * 2);
        handlers[slot] = handler;
        handler.Slot = slot;
        if (Control(LibC.EpollAdd, handler, interest)) return;
        int errno = LibC.LastError;
        Forget(handler);
        throw new IOException($"cannot watch a socket: {LibC.Describe(errno)}");
    }

    /// <summary>Watches for something else too; what is there already is told once more.</summary>
    internal void Extend(EpollHandler handler, uint interest)
    {
        if (!Control(LibC.EpollModify, handler, interest)) throw new IOException($"cannot watch a socket: {LibC.Describe(LibC.LastError)}");
    }

    private bool Control(int operation, EpollHandler handler, uint interest)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = interest;
        *(long*)(entry + EventDataOffset) = ((long)handler.Fd << 32) | (uint)handler.Slot;
        return LibC.EpollControl(epoll, operation, handler.Fd, entry) == 0;
    }

    /// <summary>Takes a descriptor that stays open out of the set; <see cref="Register"/> puts it back.</summary>
    internal void Unwatch(EpollHandler handler)
    {
        byte* unused = stackalloc byte[16];
        LibC.EpollControl(epoll, LibC.EpollDelete, handler.Fd, unused);
        Forget(handler);
    }

    /// <summary>Forgets the handler; closing its descriptor, which the caller does next, removes it from the kernel's set.</summary>
    internal void Forget(EpollHandler handler)
    {
        if (handler.Slot < 0) return;
        handlers[handler.Slot] = null;
        freeSlots.Push(handler.Slot);
        handler.Slot = -1;
    }

    private void Wake()
    {
        long one = 1;
        LibC.Write(wakeup, &one, sizeof(long));
    }

    private void Run()
    {
        Current = this;
        SynchronizationContext.SetSynchronizationContext(Context);
        fixed (byte* buffer = events)
        {
            while (!stopping) Turn(buffer);
        }
    }

    private void Turn(byte* buffer)
    {
        int timeout = posts.IsEmpty ? Timers.NextDueMilliseconds() : 0;
        int count = LibC.EpollWait(epoll, buffer, MaxEventsPerTurn, timeout);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++) Dispatch(buffer + i * EventLength);
        RunPosts();
        RunTimers();
        Volatile.Write(ref busyTicks, busyTicks + Stopwatch.GetTimestamp() - start);
    }

    private void Dispatch(byte* entry)
    {
        long data = *(long*)(entry + EventDataOffset);
        // The handler of an event later in this batch may be gone, and its slot taken by another descriptor.
        var handler = handlers[(int)(uint)data];
        if (handler is null || handler.Fd != (int)(data >> 32)) return;
        try
        {
            handler.OnReady(*(uint*)entry);
        }
        catch (Exception error)
        {
            unhandled(error);
        }
    }

    private void RunPosts()
    {
        Volatile.Write(ref wakeupPending, 0);
        for (int i = 0; i < MaxPostsPerTurn && posts.TryDequeue(out var post); i++)
        {
            try
            {
                post.Callback(post.State);
            }
            catch (Exception error)
            {
                unhandled(error);
            }
        }
    }

    private void RunTimers()
    {
        try
        {
            Timers.Run();
        }
        catch (Exception error)
        {
            unhandled(error);
        }
    }

    private sealed class WakeupHandler(EpollLoop loop) : EpollHandler
    {
        internal override int Fd => loop.wakeup;

        internal override void OnReady(uint events)
        {
            long count;
            LibC.Read(loop.wakeup, &count, sizeof(long));
        }
    }
}
