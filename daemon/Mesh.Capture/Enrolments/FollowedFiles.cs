using Mesh.NodeSocket;

namespace Mesh.Capture.Enrolments;

/// <summary>Which resolver files of an enrolment can be read again when they change. In a container other files are at those paths than on the machine where the
/// plugin runs: files that say something else here than the plugin has just read there are not followed.</summary>
internal static class FollowedFiles
{
    internal static Enrolment Of(Enrolment enrolment) => enrolment with
    {
        ResolverFiles = ResolverFiles.Servers(enrolment.ResolverFiles).SequenceEqual(enrolment.Resolvers) ? enrolment.ResolverFiles : [],
        SearchDomainFiles = ResolverFiles.SearchDomains(enrolment.SearchDomainFiles).SequenceEqual(enrolment.SearchDomains) ? enrolment.SearchDomainFiles : [],
    };
}
