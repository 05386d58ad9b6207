using Mesh.Io;

namespace Mesh.Proxy.Workloads;

/// <summary>Runs the handling of one accepted connection: counted, known to its workload so that it can be aborted with it, and disposed at the end.</summary>
internal static class TrackedConnection
{
    public static async void Run(ProxyContext context, LocalWorkloadState? workload, Connection connection, Func<Connection, Task> handle)
    {
        int loop = connection.Loop.Index;
        workload?.Track(connection);
        context.Reporter.ConnectionOpened(loop, workload);
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
            workload?.Untrack(connection);
            context.Reporter.ConnectionClosed(loop, workload);
            await connection.DisposeAsync();
        }
    }
}
