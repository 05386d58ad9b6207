using Mesh.NodeSocket;

namespace Mesh.Cni.Workloads;

/// <summary>Where a workload's names were resolved before capture: what the network says, else the resolver file that the workload sees.</summary>
internal static class NameService
{
    /// <param name="servers">Of the network's own results and configuration, best first; so are the domains.</param>
    /// <param name="root">Folder that stands for "/"; tests use another.</param>
    /// <returns>The enrolment with resolvers and search domains, and the files that they came from.</returns>
    internal static Enrolment Describe(
        Enrolment enrolment, IReadOnlyList<IReadOnlyList<string>> servers, IReadOnlyList<IReadOnlyList<string>> domains, string namespacePath, string root = "/")
    {
        var files = ResolverFiles.Of(namespacePath, root);
        var namedServers = FirstUsable(servers, ResolverFiles.UsableServers);
        var namedDomains = FirstUsable(domains, ResolverFiles.UsableDomains);
        return enrolment with
        {
            Resolvers = namedServers ?? ResolverFiles.Servers(files),
            ResolverFiles = namedServers is null ? files : [],
            SearchDomains = namedDomains ?? ResolverFiles.SearchDomains(files),
            SearchDomainFiles = namedDomains is null ? files : [],
        };
    }

    private static IReadOnlyList<string>? FirstUsable(IReadOnlyList<IReadOnlyList<string>> lists, Func<IReadOnlyList<string>, IReadOnlyList<string>> usableOf)
    {
        foreach (var list in lists)
        {
            var usable = usableOf(list);
            if (usable.Count > 0) return usable;
        }
        return null;
    }
}
