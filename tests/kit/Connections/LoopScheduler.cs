using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Kit.Connections;

/// <summary>Resumes the reader or writer of a pipe on its loop, in a later turn: as a socket would, never from inside the other side's call.</summary>
internal sealed class LoopScheduler(Loop loop) : PipeScheduler
{
    public override void Schedule(Action<object?> action, object? state) => loop.Post(action, state);
}
