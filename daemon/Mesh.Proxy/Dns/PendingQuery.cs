using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>A question under way.</summary>
internal sealed class PendingQuery
{
    private readonly int length;

    internal PendingQuery(byte[] buffer, int length, in DnsQuestion question, DatagramSocket listener, IpPort client, List<IpPort> servers)
    {
        (Buffer, this.length, Question, Listener, Client, Servers) = (buffer, length, question, listener, client, servers);
    }

    /// <summary>Of the pool; as long as the question or longer.</summary>
    internal byte[] Buffer { get; }

    internal Memory<byte> QueryMemory => Buffer.AsMemory(0, length);
    internal Span<byte> Query => Buffer.AsSpan(0, length);
    internal DnsQuestion Question { get; }
    internal required DnsCacheKey CacheKey { get; init; }
    internal DatagramSocket Listener { get; }
    internal IpPort Client { get; }

    /// <summary>In the order in which they are asked.</summary>
    internal List<IpPort> Servers { get; }

    internal LoopTimer Timer { get; set; } = null!;
    internal int ServerIndex { get; set; } = -1;
    internal UpstreamSocket? Socket { get; set; }
    internal ushort UpstreamId { get; set; }

    internal void LeaveSocket()
    {
        Socket?.Forget(this);
        Socket = null;
    }
}
