namespace Mesh.Http;

/// <summary>What a peer may make us hold or wait for.</summary>
public sealed record HttpLimits
{
    public static readonly HttpLimits Default = new();

    /// <summary>8 KiB, what nginx allows a request line; longer targets get 414.</summary>
    public int MaxRequestLineBytes { get; init; } = 8 * 1024;

    /// <summary>64 KiB for the whole head, as HTTP/2 peers of the field announce; longer heads get 431.</summary>
    public int MaxHeadBytes { get; init; } = 64 * 1024;

    /// <summary>More fields than any real client sends; keeps lookups cheap. Beyond: 431.</summary>
    public int MaxHeaderCount { get; init; } = 200;

    /// <summary>From the first byte of a head to its last; slower clients get 408.</summary>
    public TimeSpan HeadTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Between requests on a connection. An hour, as the field has it: the application behind decides earlier if it wants to.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How much of an unread request body is read away to keep a connection usable; more than that and it is closed.</summary>
    public int MaxDrainBytes { get; init; } = 64 * 1024;

    /// <summary>How long an unread request body is read away: to keep a connection usable, or so that its client gets the response before the connection is
    /// closed. 30 s is what nginx takes; less breaks off slow uploads that were refused before their client has looked for an answer.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Silence after our half-close that ends the connection; a client that has got its response closes at once.</summary>
    public TimeSpan LingerTimeout { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>The peer broke the protocol: what it did, and the status that says so.</summary>
public sealed class HttpMessageException(int status, string reason) : Exception(reason)
{
    public int Status { get; } = status;
}
