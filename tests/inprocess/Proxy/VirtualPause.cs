using Mesh.Io;
using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>Time going by on a peer's loop.</summary>
internal static class VirtualPause
{
    public static Task ForAsync(Peer peer, TimeSpan span)
    {
        var passed = new TaskCompletionSource();
        new LoopTimer(peer.Connection.Loop.Timers, static state => ((TaskCompletionSource)state!).SetResult(), passed).Arm(span);
        return passed.Task;
    }
}
