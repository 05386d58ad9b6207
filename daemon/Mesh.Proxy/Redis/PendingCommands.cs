using System.Runtime.CompilerServices;
using Mesh.Http.Resp;

namespace Mesh.Proxy.Redis;

internal enum PendingKind : byte
{
    /// <summary>One reply will come.</summary>
    Reply,

    /// <summary>As many confirmations of a subscription, or one error.</summary>
    Confirmation,

    /// <summary>Not forwarded: the answer is ours.</summary>
    Denied,

    /// <summary>Another command was forwarded in its place: its reply is dropped, the answer is ours.</summary>
    Replaced,
}

/// <summary>Commands that were sent one after another and are alike.</summary>
internal struct PendingRun
{
    public long SentAt;

    /// <summary>Of an answer of ours.</summary>
    public string? Reason;

    public RedisCommand Command;
    public int Count;
    public PendingKind Kind;
}

/// <summary>What a client still waits for, in order: a circle that grows with pipelining and is given up when it is empty again.</summary>
internal sealed class PendingCommands
{
    /// <summary>Runs of commands, each 32 bytes: two MiB a connection at worst.</summary>
    public const int MaxRuns = 65536;

    private const int FirstRuns = 4;

    /// <summary>A larger circle is not kept while it is empty.</summary>
    private const int MaxIdleRuns = 256;

    private PendingRun[] runs = [];
    private int head;
    private int count;

    public bool IsEmpty => count == 0;

    /// <summary>Only while it is not empty.</summary>
    public ref PendingRun Head => ref runs[head];

    /// <returns>False: too much is waited for.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(RedisCommand command, long sentAt)
    {
        if (count > 0)
        {
            ref var tail = ref runs[(head + count - 1) & (runs.Length - 1)];
            if (tail.Command == command && tail.SentAt == sentAt && tail.Kind == PendingKind.Reply)
            {
                tail.Count++;
                return true;
            }
        }
        return TryAdd(command, sentAt, PendingKind.Reply, 1, null);
    }

    /// <inheritdoc cref="TryAdd(RedisCommand, long)"/>
    public bool TryAdd(RedisCommand command, long sentAt, PendingKind kind, int times, string? reason)
    {
        if (count == runs.Length && !TryGrow()) return false;
        runs[(head + count++) & (runs.Length - 1)] = new PendingRun { Command = command, SentAt = sentAt, Kind = kind, Count = times, Reason = reason };
        return true;
    }

    /// <summary>One reply or confirmation of the first run has come.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take()
    {
        if (--runs[head].Count == 0) TakeRun();
    }

    public void TakeRun()
    {
        runs[head].Reason = null;
        head = (head + 1) & (runs.Length - 1);
        if (--count > 0) return;
        head = 0;
        if (runs.Length > MaxIdleRuns) runs = [];
    }

    private bool TryGrow()
    {
        if (runs.Length == MaxRuns) return false;
        var larger = new PendingRun[Math.Max(FirstRuns, 2 * runs.Length)];
        for (int i = 0; i < count; i++) larger[i] = runs[(head + i) & (runs.Length - 1)];
        (runs, head) = (larger, 0);
        return true;
    }
}
