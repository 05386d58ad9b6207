using Mesh.Io;
using Mesh.Proxy.Reporting;

namespace Mesh.Proxy.Workloads;

/// <summary>Runs the handling of one accepted connection: known to its workload so that it can be aborted with it, and disposed at the end.</summary>
internal static class TrackedConnection
{
    public static async void Run<T>(
        ProxyContext context, ListenerKind kind, LocalWorkloadState? workload, Connection connection, T handler, Func<T, LocalWorkloadState?, Connection, ValueTask> handle)
    {
        var occupancy = context.OccupancyOf(connection.Loop);
        occupancy.Add(kind, 1);
        workload?.Track(connection);
        try
        {
            await handle(handler, workload, connection);
        }
        catch (ConnectionBrokenException)
        {
            // An ordinary end; whoever handled it has reported what there was to say.
        }
        finally
        {
            workload?.Untrack(connection);
            await connection.DisposeAsync();
            occupancy.Add(kind, -1);
        }
    }
}
