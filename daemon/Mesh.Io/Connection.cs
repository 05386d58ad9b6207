using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Mesh.Io;

/// <summary>A byte stream in two directions: a socket, a TLS session over another connection, a tunnel stream or, in tests, memory.
/// Lives on one loop and is used only there. One reader and one writer at a time.
/// <list type="bullet">
/// <item><c>Input</c> ends with IsCompleted when the peer half-closed; a reset or abort throws <see cref="ConnectionBrokenException"/>.</item>
/// <item>A write that fails ends writing. What the peer sent before is still there to be read, and how it ended comes after it.</item>
/// <item><c>Output.CompleteAsync</c> sends what is buffered and half-closes (FIN, close_notify, END_STREAM).</item>
/// <item><c>DisposeAsync</c> releases everything; unless Output was completed it aborts. Idempotent.</item>
/// </list></summary>
public abstract class Connection : IAsyncDisposable
{
    public abstract Loop Loop { get; }
    public abstract PipeReader Input { get; }
    public abstract PipeWriter Output { get; }
    public abstract IpPort LocalAddress { get; }
    public abstract IpPort RemoteAddress { get; }

    /// <summary>The connection is broken, or a write has failed because the peer takes nothing more: it may have answered before, so that reading goes on to
    /// what ends it.</summary>
    public virtual bool IsOutputBroken => false;

    /// <summary>Called on the loop when the connection breaks, also while nobody reads or writes it; null: nobody wants to know. A half-close is no
    /// break. A TLS session passes on what its transport tells, a tunnel stream what its tunnel tells.</summary>
    public virtual Action? OnBroken { get; set; }

    /// <summary>Ends both directions at once (RST, RST_STREAM). Pending and later operations throw <see cref="ConnectionBrokenException"/>. Idempotent.</summary>
    public abstract void Abort();

    /// <summary>Where the client meant to go before the kernel redirected it here; false when it was not redirected.</summary>
    public virtual bool TryGetOriginalDestination(out IpPort destination)
    {
        destination = default;
        return false;
    }

    /// <summary>Flushes <see cref="Output"/> when its end follows at once: the last bytes may wait for it, so that they leave together.</summary>
    public virtual ValueTask<FlushResult> FlushLastAsync() => Output.FlushAsync();

    /// <summary>What carries it is its own: <see cref="CloseAsync"/> without having seen the peer's end costs nobody anything. A tunnel whose stream did not end on
    /// both sides is not used again.</summary>
    public virtual bool ClosesAlone => false;

    /// <summary>Sends what is buffered and ends both directions: for an owner that knows that nothing follows. Bytes that come all the same are answered with a reset.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public virtual async ValueTask CloseAsync()
    {
        await Output.CompleteAsync();
        await DisposeAsync();
    }

    public abstract ValueTask DisposeAsync();
}

public enum BreakKind
{
    /// <summary>The peer reset the connection, or it timed out in the kernel.</summary>
    Reset,

    /// <summary>Our side aborted it.</summary>
    Aborted,

    /// <summary>Nobody listens there, no route, or the attempt timed out.</summary>
    ConnectFailed,

    /// <summary>The TLS handshake failed or a record was bad.</summary>
    Tls,
}

/// <summary>A connection ended other than by both sides closing it. An ordinary event: caught where connections are handled.</summary>
public sealed class ConnectionBrokenException(BreakKind kind, string reason, int errno = 0) : IOException(reason)
{
    public BreakKind Kind { get; } = kind;

    /// <summary>The kernel's error number, 0 if it was not the kernel.</summary>
    public int Errno { get; } = errno;
}
