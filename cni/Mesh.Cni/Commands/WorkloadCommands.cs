using Mesh.Cni.Spec;
using Mesh.Cni.Workloads;
using Mesh.NodeSocket;

namespace Mesh.Cni.Commands;

internal static class WorkloadCommands
{
    internal static int Enrol(CommandOptions options, PluginHost host)
    {
        var identity = options.Identity();
        var capture = options.Capture();
        using var workload = WorkloadNamespace.Open(options.NamespacePath);
        var addresses = workload.Addresses(options.Addresses);
        var enrolment = NameService.Describe(Enroller.Describe(identity, workload, addresses, AttachmentOf(identity), capture), [], [], workload.Path);
        Enroller.Enrol(workload, enrolment, DaemonOf(options, host, waits: true));
        host.WriteLine($"{enrolment.Uid} enrolled in {workload.Path} with {string.Join(", ", enrolment.Addresses)}");
        return 0;
    }

    internal static int Unenrol(CommandOptions options, PluginHost host)
    {
        var identity = options.Identity();
        using var workload = WorkloadNamespace.Open(options.NamespacePath);
        DaemonOf(options, host).Unenrol(AttachmentOf(identity));
        workload.Release();
        host.WriteLine($"{identity.Namespace}/{identity.Name} unenrolled, {workload.Path} is no longer redirected");
        return 0;
    }

    internal static int Verify(CommandOptions options, PluginHost host)
    {
        var identity = options.Identity();
        using var workload = WorkloadNamespace.Open(options.NamespacePath);
        workload.Verify(options.Capture());
        DaemonOf(options, host).Check(AttachmentOf(identity));
        host.WriteLine($"{identity.Namespace}/{identity.Name}: rules and routes are complete, meshd serves it");
        return 0;
    }

    /// <summary>1 when any workload is not served.</summary>
    internal static int Status(CommandOptions options, PluginHost host)
    {
        var workloads = DaemonOf(options, host).List();
        foreach (var (enrolment, state, reason) in workloads.OrderBy(static status => status.Enrolment.Uid, StringComparer.Ordinal))
        {
            string line = $"{enrolment.Uid,-40} {state,-9} {string.Join(",", enrolment.Addresses),-24} {enrolment.NamespacePath}";
            host.WriteLine(reason is null ? line : $"{line}  {reason}");
        }
        if (workloads.Count == 0) host.WriteLine("no workload is enrolled on this machine");
        return workloads.Any(static status => status.State == EnrolmentState.Failed) ? 1 : 0;
    }

    private static Attachment AttachmentOf(WorkloadIdentity identity) => Attachment.ByHand($"{identity.Namespace}/{identity.Name}");

    private static Daemon DaemonOf(CommandOptions options, PluginHost host, bool waits = false) => new(options.NodeSocket, options.Timeout, waits, host.Time);
}
