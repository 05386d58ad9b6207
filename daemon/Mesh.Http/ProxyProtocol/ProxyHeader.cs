using Mesh.Io;

namespace Mesh.Http.ProxyProtocol;

/// <summary>What a PROXY header says about the connection that it begins.</summary>
/// <param name="Source">The client; null when the header names none (LOCAL, UNKNOWN, an unspecified or Unix address): then the connection's
/// own addresses count.</param>
/// <param name="Destination">What the client connected to; null together with the source.</param>
public readonly record struct ProxyHeader(IpPort? Source, IpPort? Destination)
{
    public static readonly ProxyHeader Unnamed = new(null, null);
}

/// <summary>The header is malformed; the connection cannot be trusted any more.</summary>
public sealed class ProxyHeaderException(string reason) : FormatException(reason);
