using System.Net;
using Mesh.Cni.Spec;
using Mesh.Netfilter;
using Mesh.NodeSocket;

namespace Mesh.Cni.Workloads;

/// <summary>The order that keeps a workload from ever being open: rules first, listeners second, success last.</summary>
internal static class Enroller
{
    /// <exception cref="CniException">Nothing of ours is left behind, unless the namespace was captured before: then it stays closed.</exception>
    internal static void Enrol(WorkloadNamespace workload, Enrolment enrolment, Daemon daemon)
    {
        byte[] request = [];
        bool wasOpen = workload.Capture(enrolment.Capture, meanwhile: () => request = NodeRequestWriter.Enrol(enrolment));
        try
        {
            daemon.Enrol(request, workload);
        }
        catch (CniException)
        {
            if (wasOpen) ReleaseQuietly(workload);
            throw;
        }
    }

    internal static Enrolment Describe(WorkloadIdentity identity, WorkloadNamespace workload, IReadOnlyList<IPAddress> addresses, Attachment attachment, CaptureOptions capture) =>
        new()
        {
            Namespace = identity.Namespace,
            Workload = identity.Name,
            ServiceAccount = identity.ServiceAccount,
            PodUid = identity.PodUid,
            Labels = identity.Labels,
            Addresses = Texts(addresses),
            Attachment = attachment,
            NamespacePath = workload.Path,
            NamespaceInode = workload.Network.Id.Inode,
            Capture = capture,
        };

    private static List<string> Texts(IReadOnlyList<IPAddress> addresses)
    {
        var texts = new List<string>(addresses.Count);
        foreach (var address in addresses) texts.Add(AddressText.Format(address));
        return texts;
    }

    private static void ReleaseQuietly(WorkloadNamespace workload)
    {
        try
        {
            workload.Release();
        }
        catch (CniException)
        {
            // The error that led here is the one to report; the container does not start.
        }
    }
}
