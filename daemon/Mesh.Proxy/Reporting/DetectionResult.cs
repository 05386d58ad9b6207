namespace Mesh.Proxy.Reporting;

/// <summary>What a connection of undeclared protocol turned out to be.</summary>
public enum DetectionResult
{
    Http1,
    Http2,
    Tls,
    Redis,

    /// <summary>The client's first bytes are of no protocol known here.</summary>
    Tcp,

    /// <summary>The server spoke before the client.</summary>
    ServerFirst,

    /// <summary>The client's first bytes could have become a protocol known here and did not in time.</summary>
    Timeout,

    /// <summary>The connection ended before anybody spoke.</summary>
    Closed,
}

internal static class DetectionResults
{
    private static readonly string[] names = ["http1", "http2", "tls", "redis", "tcp", "server_first", "timeout", "closed"];

    public static string ToLabel(this DetectionResult result) => names[(int)result];
}
