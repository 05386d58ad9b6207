using Mesh.Io;
using Mesh.Netfilter;
using Mesh.Netfilter.Namespaces;
using Mesh.Netfilter.Netlink;
using Mesh.NodeSocket;
using Mesh.Proxy.Workloads;

namespace Mesh.Capture.Enrolments;

/// <summary>One enrolled workload: its description, a hold on its namespace, and how it fares. Changed only by the holder of its gate.</summary>
internal sealed class CapturedWorkload(Enrolment enrolment, NetworkNamespace network) : IDisposable
{
    internal Enrolment Enrolment => enrolment;

    internal NetworkNamespace Network => network;

    internal EnrolmentState State { get; set; } = EnrolmentState.Starting;

    internal string? Reason { get; set; }

    internal EnrolmentStatus Status => new(enrolment, State, Reason);

    internal LocalWorkload Description { get; } = new(
        enrolment.Namespace,
        enrolment.Workload,
        enrolment.ServiceAccount ?? "default",
        enrolment.Addresses.Select(static text => Ip.Parse(text)).ToList(),
        enrolment.Labels)
    {
        Resolvers = enrolment.Resolvers.Select(static text => Ip.Parse(text)).ToList(),
        SearchDomains = enrolment.SearchDomains,
        ResolverFiles = enrolment.ResolverFiles,
        SearchDomainFiles = enrolment.SearchDomainFiles,
        CapturesDns = enrolment.Capture.Dns,
    };

    /// <summary>Whether the namespace file still leads to the same namespace; when not, the workload has ended.</summary>
    internal bool IsNamespaceInPlace()
    {
        try
        {
            using var current = NetworkNamespace.Open(enrolment.NamespacePath);
            return current.Id == network.Id;
        }
        catch (NamespaceMissingException)
        {
            return false;
        }
    }

    /// <summary>Addresses that the namespace does not hold: a mix-up of namespaces would give one workload the identity of another.</summary>
    internal IReadOnlyList<Ip> ForeignAddresses()
    {
        IReadOnlyList<Ip> held;
        using (network.Enter()) held = InterfaceAddresses.Global().Select(Ip.From).ToList();
        return Description.Addresses.Except(held).ToList();
    }

    /// <summary>Blocks for some ten milliseconds.</summary>
    internal IReadOnlyList<string> RuleDifferences()
    {
        using (network.Enter()) return NamespaceRules.Verify(enrolment.Capture);
    }

    public void Dispose() => network.Dispose();
}
