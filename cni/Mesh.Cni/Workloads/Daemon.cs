using Mesh.Cni.Spec;
using Mesh.NodeSocket;

namespace Mesh.Cni.Workloads;

/// <summary>meshd, with its refusals as CNI errors.</summary>
/// <param name="waits">Whether to wait until it listens, or to fail at once.</param>
internal sealed class Daemon(string socketPath, TimeSpan timeout, bool waits, TimeProvider time)
{
    private readonly NodeSocketClient client = new(socketPath, timeout, waits, time);

    /// <param name="request">Made by <see cref="NodeRequestWriter.Enrol"/>.</param>
    internal void Enrol(byte[] request, WorkloadNamespace workload) => Call(() => client.Enrol(request, workload.Network));

    internal void Unenrol(Attachment attachment) => Call(() => client.Unenrol(attachment));

    internal void Check(Attachment attachment) => Call(() => client.Check(attachment));

    internal void Ping() => Call(client.Ping);

    internal IReadOnlyList<EnrolmentStatus> List()
    {
        IReadOnlyList<EnrolmentStatus> workloads = [];
        Call(() => workloads = client.List());
        return workloads;
    }

    private static void Call(Action request)
    {
        try
        {
            request();
        }
        catch (NodeSocketException error)
        {
            var code = error.Kind switch
            {
                NodeErrorKind.Unavailable => CniErrorCode.TryAgainLater,
                NodeErrorKind.Unknown => CniErrorCode.ContainerUnknown,
                _ => CniErrorCode.Refused,
            };
            throw new CniException(code, error.Message);
        }
    }
}
