using Mesh.Io;
using Mesh.Protocol.Identity;

namespace Mesh.Controller.Distribution;

/// <summary>Writes what nodes report into the resource store. Calls for one node come one after the other.</summary>
internal interface IWorkloadRegistry
{
    /// <summary>The whole set of what the node has enrolled: makes and updates a Workload for each, deletes those of this node that vanished.</summary>
    /// <returns>Workloads that were not taken, by "namespace/name", each with the reason for the node's operator.</returns>
    Task<IReadOnlyList<(string Name, string Problem)>> ReplaceNodeWorkloadsAsync(string node, IReadOnlyList<EnrolledWorkload> workloads);

    /// <summary>Makes the Node resource if there is none and writes its status.</summary>
    Task SetNodeAsync(NodeReport report);
}

/// <summary>What is known of a node at one moment.</summary>
/// <param name="Addresses">Null: as before.</param>
/// <param name="Version">Of meshd; null: as before.</param>
/// <param name="ConfigVersion">Of the configuration that the node has applied completely; null: as before.</param>
/// <param name="Rejected">Resources that the node refuses, with its reasons: the last good version of each stays in force there.</param>
internal sealed record NodeReport(
    string Node,
    bool Connected,
    IReadOnlyList<Ip>? Addresses = null,
    string? Version = null,
    string? ConfigVersion = null,
    IReadOnlyList<RejectedConfig>? Rejected = null);

internal sealed record RejectedConfig(string TypeUrl, string Name, string Version, string Reason);
