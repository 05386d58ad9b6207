using System.Diagnostics.CodeAnalysis;
using Mesh.Io;
using Mesh.Netfilter.Namespaces;
using Mesh.NodeSocket;

namespace Mesh.Capture.Enrolments;

/// <summary>What an enrolment must satisfy before anything is done with it. Its names become file names and identities, so the daemon checks them itself
/// although only root can send them.</summary>
internal static class EnrolmentRules
{
    private const int MaxAddresses = 32;
    private const int MaxLabels = 64;
    private const int MaxResolvers = 3;
    private const int MaxSearchDomains = 32;
    private const int MaxResolverFiles = 3;
    private const int MaxTextLength = 4096;

    /// <exception cref="CaptureRequestException">Invalid.</exception>
    internal static void Check(Enrolment enrolment, NetworkNamespace network)
    {
        var faults = new List<string>();
        if (!IsName(enrolment.Namespace, 63)) faults.Add($"namespace '{enrolment.Namespace}' is not a name");
        if (!IsName(enrolment.Workload, 253)) faults.Add($"workload '{enrolment.Workload}' is not a name");
        if (enrolment.ServiceAccount is { } account && !IsName(account, 253)) faults.Add($"service account '{account}' is not a name");
        CheckAddresses("addresses", enrolment.Addresses, MaxAddresses, faults);
        CheckAddresses("resolvers", enrolment.Resolvers, MaxResolvers, faults);
        if (enrolment.SearchDomains.Count > MaxSearchDomains) faults.Add($"searchDomains: {enrolment.SearchDomains.Count}, at most {MaxSearchDomains}");
        faults.AddRange(enrolment.SearchDomains.Where(static domain => !IsName(domain, 253)).Select(static domain => $"searchDomains: '{domain}' is not a name"));
        CheckPaths("resolverFiles", enrolment.ResolverFiles, faults);
        CheckPaths("searchDomainFiles", enrolment.SearchDomainFiles, faults);
        if (enrolment.Addresses.Count == 0) faults.Add("addresses: none");
        if (enrolment.Labels.Count > MaxLabels) faults.Add($"{enrolment.Labels.Count} labels, at most {MaxLabels}");
        if (!IsPath(enrolment.NamespacePath)) faults.Add("namespacePath must be an absolute path");
        enrolment.Capture.Validate(faults);
        if (enrolment.NamespaceInode != network.Id.Inode)
            faults.Add($"the descriptor is {network.Id} but the request names inode {enrolment.NamespaceInode}");
        using (var own = NetworkNamespace.OpenCurrent())
        {
            if (own.Id == network.Id) faults.Add("the namespace is meshd's own; only workloads with one of their own are captured");
        }
        if (faults.Count > 0) throw new CaptureRequestException(NodeErrorKind.Invalid, $"{enrolment.Uid} is refused: {string.Join("; ", faults)}");
    }

    /// <summary>Two workloads in one namespace would share listeners, and with them identities; two with one address could not be told apart.</summary>
    internal static bool Conflicts(CapturedWorkload other, Enrolment enrolment, NetworkNamespace network, [NotNullWhen(true)] out string? reason)
    {
        reason = null;
        if (other.Enrolment.Uid == enrolment.Uid || other.Enrolment.Attachment == enrolment.Attachment) return false;
        if (other.Network.Id == network.Id) reason = $"{network.Id} belongs to {other.Enrolment.Uid} already";
        else if (other.Enrolment.Addresses.Intersect(enrolment.Addresses).FirstOrDefault() is { } shared)
            reason = $"address {shared} belongs to {other.Enrolment.Uid} already";
        return reason is not null;
    }

    private static void CheckAddresses(string field, IReadOnlyList<string> addresses, int most, List<string> faults)
    {
        if (addresses.Count > most) faults.Add($"{field}: {addresses.Count}, at most {most}");
        faults.AddRange(addresses.Where(static text => !Ip.TryParse(text, out _)).Select(text => $"{field}: '{text}' is not an address"));
    }

    private static void CheckPaths(string field, IReadOnlyList<string> paths, List<string> faults)
    {
        if (paths.Count > MaxResolverFiles) faults.Add($"{field}: {paths.Count}, at most {MaxResolverFiles}");
        if (!paths.All(IsPath)) faults.Add($"{field} must be absolute paths");
    }

    private static bool IsPath(string text) => text.Length <= MaxTextLength && Path.IsPathRooted(text);

    private static bool IsName(string text, int longest) =>
        text.Length > 0 && text.Length <= longest && char.IsAsciiLetterOrDigit(text[0])
        && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
}
