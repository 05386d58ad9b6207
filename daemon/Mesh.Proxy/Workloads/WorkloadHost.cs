using Mesh.Io;
using Mesh.Proxy.Inbound;
using Mesh.Proxy.Outbound;

namespace Mesh.Proxy.Workloads;

/// <summary>Opens and closes what one workload needs in its namespace, and hands accepted connections to outbound and inbound.</summary>
public sealed class WorkloadHost(ProxyContext context, IEnumerable<IWorkloadListeners> more) : IWorkloadHost
{
    private readonly IWorkloadListeners[] more = [.. more];
    private readonly OutboundAcceptor outbound = new(context);
    private readonly TunnelAcceptor tunnels = new(context);
    private readonly PlainAcceptor plain = new(context);

    public async Task StartAsync(LocalWorkload workload, SocketFactory sockets)
    {
        await StopAsync(workload.Uid);
        var state = new LocalWorkloadState(workload, sockets, context.Loops);
        try
        {
            Listen(state, context.Options.OutboundPort, outbound.Accept);
            Listen(state, context.Options.InboundPlainPort, plain.Accept);
            Listen(state, context.Options.TunnelPort, tunnels.Accept);
            foreach (var listeners in more) state.Listeners.AddRange(listeners.Open(state));
        }
        catch
        {
            Close(state);
            throw;
        }
        context.Locals.Add(state);
    }

    /// <summary>No workload gets new connections; those that are open go on. For the end of the daemon.</summary>
    public void StopListening()
    {
        foreach (var state in context.Locals.All) Close(state);
    }

    public async Task StopAsync(string uid)
    {
        if (!context.Locals.TryGet(uid, out var state)) return;
        context.Locals.Remove(state);
        Close(state);
        foreach (var loop in context.Loops)
            await loop.RunAsync(() =>
            {
                state.AbortAll(loop);
                context.OnLoop(loop).Http.CloseOf(uid);
                context.OnLoop(loop).Tunnels.CloseOf(uid);
                return Task.CompletedTask;
            });
    }

    /// <summary>Both families where the namespace has them; a namespace without IPv6 must not keep the workload from starting.</summary>
    private void Listen(LocalWorkloadState state, ushort port, Action<LocalWorkloadState, Connection> accept)
    {
        state.Listeners.Add(state.Sockets.Listen(new IpPort(Ip.AnyV6, port), context.Loops, ListenOptions.Default, connection => accept(state, connection)));
    }

    private static void Close(LocalWorkloadState state)
    {
        foreach (var listener in state.Listeners) listener.Dispose();
        state.Listeners.Clear();
    }
}

/// <summary>Something else that listens in every workload's namespace, such as DNS.</summary>
public interface IWorkloadListeners
{
    /// <exception cref="IOException">A port cannot be bound.</exception>
    IEnumerable<IDisposable> Open(LocalWorkloadState workload);
}
