using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>What an answer depends on: the server (resolvers at different places know different names), the question, and what the client wants of it.</summary>
/// <param name="Flags">Recursion desired, authentic data, checking disabled, and DO of EDNS.</param>
internal readonly record struct DnsCacheKey(IpPort? Server, string Name, ushort Type, ushort Class, int Flags)
{
    private const int Wishes = DnsWire.FlagRecursionDesired | DnsWire.FlagAuthenticData | DnsWire.FlagCheckingDisabled;

    internal DnsCacheKey(in DnsQuestion question, IpPort? server)
        : this(server, question.Name, question.Type, question.Class, question.Flags & Wishes | (question.Edns.WantsDnssec ? 1 << 16 : 0))
    {
    }
}
