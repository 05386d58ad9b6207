using Mesh.NodeSocket;

namespace Mesh.Cni.Workloads;

/// <summary>Where a workload's names were resolved before capture: what the network says, else the resolver file that the workload sees.</summary>
internal static class NameService
{
    /// <param name="servers">Of the network's own results and configuration, best first; so are the domains.</param>
    /// <param name="root">Folder that stands for "/"; tests use another.</param>
    /// <returns>The enrolment with resolvers and search domains, and the files that they came from.</returns>
    internal static Enrolment Describe(
        Enrolment enrolment, IEnumerable<IReadOnlyList<string>> servers, IEnumerable<IReadOnlyList<string>> domains, string namespacePath, string root = "/")
    {
        var files = ResolverFiles.Of(namespacePath, root);
        var namedServers = servers.Select(ResolverFiles.UsableServers).FirstOrDefault(static usable => usable.Count > 0);
        var namedDomains = domains.Select(ResolverFiles.UsableDomains).FirstOrDefault(static usable => usable.Count > 0);
        return enrolment with
        {
            Resolvers = namedServers ?? ResolverFiles.Servers(files),
            ResolverFiles = namedServers is null ? files : [],
            SearchDomains = namedDomains ?? ResolverFiles.SearchDomains(files),
            SearchDomainFiles = namedDomains is null ? files : [],
        };
    }
}
