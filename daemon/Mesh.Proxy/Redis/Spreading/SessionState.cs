using System.Buffers;

namespace Mesh.Proxy.Redis.Spreading;

/// <summary>Parts of a connection's state that another connection can be given, in the order in which they are given.</summary>
internal enum SessionPart : byte
{
    None,
    HelloWithUser,
    User,
    Hello,
    Name,
    LibraryName,
    LibraryVersion,
    Database,
    ReadMode,

    /// <summary>All of it, back to the beginning.</summary>
    Everything,
}

/// <summary>What a client has made of its connection with the primary: the commands that the primary accepted, to be repeated to a replica. Secrets among
/// them live as long as the connection.</summary>
internal sealed class SessionState
{
    /// <summary>Not answered yet.</summary>
    private const int MaxPending = 64;

    private readonly Queue<(long Number, SessionPart Part, bool Names, byte[] Command)> pending = new();
    private byte[]?[]? parts;
    private long[]? changes;

    /// <summary>Goes up with every change.</summary>
    public long Revision { get; private set; }

    public bool HasPending => pending.Count > 0;

    /// <param name="number">Of its reply, among all of the primary's.</param>
    /// <param name="names">A HELLO that gives the connection a name.</param>
    /// <returns>False: too many wait for their replies.</returns>
    public bool TryExpect(long number, SessionPart part, bool names, in ReadOnlySequence<byte> command)
    {
        if (pending.Count == MaxPending) return false;
        pending.Enqueue((number, part, names, part == SessionPart.Everything ? [] : command.ToArray()));
        return true;
    }

    /// <param name="number">Of a reply.</param>
    /// <returns>False: what the connection is now cannot be told.</returns>
    public bool Answered(long number, bool isError)
    {
        if (pending.Peek().Number != number) return true;
        var (_, part, names, command) = pending.Dequeue();
        // Some servers carry out the AUTH of a HELLO although they refuse the rest of it; of all others an error changes nothing.
        if (isError) return part != SessionPart.HelloWithUser;
        Set(part, names, command);
        return true;
    }

    /// <summary>What has changed since that revision.</summary>
    public void WriteSince(long revision, IBufferWriter<byte> output, ref int commands)
    {
        if (parts is null || changes is null) return;
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i] is not { } command || changes[i] <= revision) continue;
            output.Write(command);
            commands++;
        }
    }

    private void Set(SessionPart part, bool names, byte[] command)
    {
        if (parts?[(int)part % (int)SessionPart.Everything] is { } known && known.AsSpan().SequenceEqual(command) && part != SessionPart.HelloWithUser) return;
        parts ??= new byte[(int)SessionPart.Everything][];
        changes ??= new long[parts.Length];
        Revision++;
        if (part == SessionPart.Everything)
        {
            Array.Clear(parts);
            return;
        }
        // It says version and user at once, and both newer than what was said before.
        if (part == SessionPart.HelloWithUser) (parts[(int)SessionPart.User], parts[(int)SessionPart.Hello]) = (null, null);
        if (names) parts[(int)SessionPart.Name] = null;
        (parts[(int)part], changes[(int)part]) = (command, Revision);
    }
}
