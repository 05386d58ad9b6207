namespace Mesh.Http.Http2;

/// <summary>What one side announces in its SETTINGS and first WINDOW_UPDATE (RFC 9113 6.5.2). The values are those of other HBONE implementations.</summary>
public sealed record Http2Settings
{
    public static readonly Http2Settings Server = new();

    public static readonly Http2Settings Client = new() { MaxHeaderListBytes = 16 * 1024 };

    /// <summary>For requests of applications, on both sides: windows for a fast network and, kept unread, for the memory of one machine. Frames of the size that everybody
    /// accepts: a larger one lets an upload hold up others, and a client that does not ask sends none (h2spec takes an accepted larger one for a fault).</summary>
    public static readonly Http2Settings Requests = new()
    {
        StreamWindowBytes = 1024 * 1024,
        ConnectionWindowBytes = 4 * 1024 * 1024,
        MaxFrameBytes = FrameHeader.DefaultMaxFrameSize,
        ExtendedConnect = true,
    };

    /// <summary>Body bytes the peer may send on one stream before we read them; at least 65,535. Also the most that an unread stream can hold.
    /// 4 MiB fill a gigabit over 30 ms.</summary>
    public int StreamWindowBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The same for all streams together; at least 65,535.</summary>
    public int ConnectionWindowBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Largest payload of a frame we accept: 16,384 to 16,777,215. DATA is passed on as it arrives, so a large frame costs no memory.</summary>
    public int MaxFrameBytes { get; init; } = 1024 * 1024;

    /// <summary>Streams the peer may have open at once. For servers; clients accept none.</summary>
    public int MaxConcurrentStreams { get; init; } = 200;

    /// <summary>Servers: CONNECT with :protocol is taken (RFC 8441 3), which is how WebSocket comes over HTTP/2.</summary>
    public bool ExtendedConnect { get; init; }

    /// <summary>Names, values and 32 per field of one message head. More is answered with 431 (server) or resets the stream.</summary>
    public int MaxHeaderListBytes { get; init; } = 64 * 1024;
}

/// <summary>What is enforced beyond the announced settings, against peers that are broken or hostile.</summary>
public sealed record Http2Limits
{
    public static readonly Http2Limits Default = new();

    /// <summary>For requests of applications, whose streams are not tunnels.</summary>
    public static readonly Http2Limits Requests = new()
    {
        MaxBufferedBytes = 8 * 1024 * 1024,
        StallTimeout = TimeSpan.FromMinutes(5),
        PingInterval = TimeSpan.FromMinutes(1),
    };

    /// <summary>Towards applications. Servers of gRPC end connections whose client pings more often than every five minutes, and the way to an application
    /// is watched by its tunnel.</summary>
    public static readonly Http2Limits Upstream = new() { MaxBufferedBytes = 8 * 1024 * 1024, PingInterval = Timeout.InfiniteTimeSpan };

    /// <summary>CONTINUATION frames of one block. A block at its size limit in default-size frames needs four; a flood of small ones only costs us work.</summary>
    public int MaxContinuationFrames { get; init; } = 32;

    /// <summary>Streams that the peer resets, or makes us reset, in a burst ("rapid reset", CVE-2023-44487). Over that the connection ends.
    /// A tunnel whose clients all abort at once resets as many streams as are open: well below.</summary>
    public int ResetBurst { get; init; } = 1000;

    /// <summary>Resets per second that are always allowed: how fast the burst refills.</summary>
    public int ResetsPerSecond { get; init; } = 200;

    /// <summary>SETTINGS, PRIORITY, GOAWAY, unknown and empty DATA frames, frames for closed streams and surplus PING and WINDOW_UPDATE in a burst: all of them
    /// make work without moving anything. A PING for each DATA frame that we sent is no surplus.</summary>
    public int IdleFrameBurst { get; init; } = 1000;

    public int IdleFramesPerSecond { get; init; } = 100;

    /// <summary>WINDOW_UPDATE frames that are no surplus, for each DATA frame that we sent (16 KiB at most). Clients that give window back at every read send
    /// two for each DATA frame, one for the stream and one for the connection; ten times that still bounds what a flood can cost.</summary>
    public int WindowUpdatesPerDataFrame { get; init; } = 20;

    /// <summary>Control frames and heads waiting for a transport that does not take them. Over that the peer does not read; the connection ends.</summary>
    public int MaxQueuedBytes { get; init; } = 256 * 1024;

    /// <summary>Body bytes of one stream that wait for windows or the transport before FlushAsync waits.</summary>
    public int StreamSendBufferBytes { get; init; } = 64 * 1024;

    /// <summary>Unread body bytes of all streams together up to which connection credit is returned at receipt, so that unread streams do not
    /// hold up others. Beyond, credit waits for readers: a connection never holds more than this plus its window.</summary>
    public int MaxBufferedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>1xx heads before the final one that the receiver has not read yet.</summary>
    public int MaxInterimHeads { get; init; } = 8;

    /// <summary>The peer's preface and SETTINGS, and its acknowledgment of ours, must arrive within this.</summary>
    public TimeSpan SettingsTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Nothing received for that long: a PING asks whether the peer lives. Infinite: never.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Nothing received for that long after the PING: the connection is dead.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A stream that has something to send and may not send a byte of it for that long is reset: its reader holds what others could use. A tunnel's
    /// reader may rest as long as it likes, as over TCP.</summary>
    public TimeSpan StallTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>After a connection error: how long to wait for the peer to take our GOAWAY and close. After an answer to a request that has not ended: how
    /// long its client may take to end the stream before we reset it.</summary>
    public TimeSpan LingerTimeout { get; init; } = TimeSpan.FromSeconds(1);
}
