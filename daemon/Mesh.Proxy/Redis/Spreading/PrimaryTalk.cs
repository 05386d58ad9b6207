using System.Buffers;
using Mesh.Http.Resp;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>What a client has said to the primary and heard of it, as far as that decides where its reads may go.</summary>
internal sealed class PrimaryTalk
{
    private readonly SessionCommand session = new();
    private SpreadRole role;
    private bool watches;
    private long sent;
    private long answered;
    private long lastWrite; // number of its reply
    private long wroteAt;

    public SessionState State { get; } = new();

    /// <summary>Every reply has come.</summary>
    public bool IsAnswered => sent == answered;

    /// <summary>The command that is being read only reads.</summary>
    public bool IsRead => role == SpreadRole.Read;

    /// <summary>What it does is known when it is whole.</summary>
    public bool NeedsWhole => role is SpreadRole.State or SpreadRole.Client or SpreadRole.Reset;

    public bool NeedsArguments => role is SpreadRole.State or SpreadRole.Client;

    /// <summary>After it the connection is as new.</summary>
    public bool IsReset => role == SpreadRole.Reset;

    public void Begin(RedisCommand command)
    {
        role = SpreadRoles.Of(command);
        if (NeedsWhole) session.Begin(command);
    }

    /// <summary>Of a command that <see cref="NeedsArguments"/>.</summary>
    public void Argument(int index, ReadOnlySpan<byte> start) => session.Argument(index, start);

    /// <summary>Nothing holds reads to the primary: no transaction that begins, and no write that a replica may not have yet.</summary>
    public bool IsFree(TimeSpan afterWrite, TimeProvider time, long now) =>
        !watches && (afterWrite == TimeSpan.Zero || lastWrite == 0 || (answered >= lastWrite && time.GetElapsedTime(wroteAt, now) >= afterWrite));

    /// <summary>A command that is not the client's, or was sent before to somebody else.</summary>
    public void Sent() => sent++;

    /// <summary>The command that was read last.</summary>
    /// <returns>False: from here on it cannot be told what the connection is.</returns>
    public bool TrySend(in ReadOnlySequence<byte> buffer, long start, long end, bool inTransaction)
    {
        sent++;
        switch (role)
        {
            case SpreadRole.Watch:
                watches = true;
                return true;
            case SpreadRole.Unwatch:
                watches = false;
                return true;
            case SpreadRole.Exec:
                watches = false;
                lastWrite = sent;
                return true;
            case SpreadRole.Write:
                lastWrite = sent;
                return true;
            case SpreadRole.Reset:
                watches = false;
                return TryExpect(SessionPart.Everything, default, inTransaction);
            case SpreadRole.State or SpreadRole.Client when session.Part != SessionPart.None:
                return TryExpect(session.Part, buffer.Slice(start, end - start), inTransaction);
            case SpreadRole.Client:
                return session.IsQuestion;
            default:
                return role != SpreadRole.End;
        }
    }

    /// <returns>As <see cref="TrySend"/>.</returns>
    public bool TryAnswer(in RespReply reply, long now)
    {
        if (reply.IsPush) return false; // not asked for, and not by anything that we let pass
        answered++;
        if (answered == lastWrite) wroteAt = now;
        return !State.HasPending || State.Answered(answered, reply.IsError);
    }

    /// <summary>In a transaction it is carried out later, or not at all.</summary>
    private bool TryExpect(SessionPart part, in ReadOnlySequence<byte> command, bool inTransaction) =>
        !inTransaction && command.Length <= HeldReads.MaxCommandBytes && State.TryExpect(sent, part, session.Names, command);
}
