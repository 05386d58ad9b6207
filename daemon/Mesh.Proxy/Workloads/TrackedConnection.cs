using Mesh.Io;

namespace Mesh.Proxy.Workloads;

/// <summary>Runs the handling of one accepted connection: known to its workload so that it can be aborted with it, and disposed at the end.</summary>
internal static class TrackedConnection
{
    public static async void Run(ProxyContext context, LocalWorkloadState? workload, Connection connection, Func<Connection, Task> handle)
    {
        var drains = context.OnLoop(connection.Loop).Drains;
        drains.Connections++;
        workload?.Track(connection);
        try
        {
            await handle(connection);
        }
        catch (ConnectionBrokenException)
        {
            // An ordinary end; whoever handled it has reported what there was to say.
        }
        finally
        {
            drains.Connections--;
            workload?.Untrack(connection);
            await connection.DisposeAsync();
        }
    }
}
