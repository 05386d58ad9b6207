using System.Buffers;
using System.Text;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>HTTP/2 over any connection (RFC 9113), either side. Owns the transport and disposes it at the end of <see cref="RunAsync"/>.
/// Lives on the transport's loop and is used only there; no locks. One caller of RunAsync, one of AcceptAsync.
/// <code>
/// var http2 = Http2Connection.Server(transport, Http2Settings.Server);
/// var run = http2.RunAsync();
/// while (await http2.AcceptAsync() is { } stream) _ = ServeAsync(stream);
/// </code>
/// A connection holds at most <see cref="Http2Limits.MaxBufferedBytes"/> plus its window in received bodies, and per open stream
/// <see cref="Http2Limits.StreamSendBufferBytes"/> plus one write in bodies to send.</summary>
public sealed class Http2Connection : IDrainable
{
    private const int LateFramesPerStream = 3;
    private const string ShortBody = "the body is shorter than its content-length (RFC 9113 8.1.1)";

    private readonly ConnectionLife life;
    private readonly HeaderListPool headerLists = new();
    private readonly AcceptQueue accepted;
    private readonly OpenQueue opens;
    private readonly UnreadRequests unread;
    private readonly FloodGuard resets;
    private readonly FloodGuard idleFrames;
    private TaskCompletionSource? peerKnown;
    private int unreleased;
    private long lateFrames;

    private Http2Connection(Connection transport, Http2Settings settings, Http2Limits limits, bool isServer)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.StreamWindowBytes, PeerSettings.DefaultWindow);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.ConnectionWindowBytes, PeerSettings.DefaultWindow);
        (Transport, Settings, Limits, IsServer) = (transport, settings, limits, isServer);
        Streams = new StreamTable(isServer);
        Writer = new FrameWriter(transport.Output, limits.MaxQueuedBytes);
        Scheduler = new SendScheduler(Writer, Peer, OnLocalEnd);
        ReceiveWindow = new ReceiveWindow(Writer, settings.ConnectionWindowBytes, limits.MaxBufferedBytes);
        resets = new FloodGuard(transport.Loop.Time, limits.ResetBurst, limits.ResetsPerSecond, "reset streams");
        idleFrames = new FloodGuard(transport.Loop.Time, limits.IdleFrameBurst, limits.IdleFramesPerSecond, "frames that move nothing");
        opens = new OpenQueue(this);
        unread = new UnreadRequests(this);
        life = new ConnectionLife(this);
        accepted = new AcceptQueue(life);
        Turn = new Turn(transport.Loop, life.Pump);
        life.WriteOpening();
    }

    public static Http2Connection Server(Connection transport, Http2Settings settings, Http2Limits? limits = null) =>
        new(transport, settings, limits ?? Http2Limits.Default, isServer: true);

    public static Http2Connection Client(Connection transport, Http2Settings settings, Http2Limits? limits = null) =>
        new(transport, settings, limits ?? Http2Limits.Default, isServer: false);

    public Loop Loop => Transport.Loop;

    public bool IsServer { get; }

    /// <summary>Not ended; it may be draining.</summary>
    public bool IsOpen => !life.IsOver;

    /// <summary>One side sent GOAWAY: no new streams, open ones finish.</summary>
    public bool Draining => life.IsDraining;

    /// <summary>Streams that are not closed in both directions.</summary>
    public int ActiveStreams => Streams.Count;

    /// <summary>Streams that the client has begun, ended ones too.</summary>
    public int StreamsBegun => Streams.Begun;

    /// <summary>Clients: a stream can be opened now, without waiting.</summary>
    public bool CanOpen => IsOpen && !Draining && Streams.NextLocalId > 0 && Streams.Count < Peer.MaxConcurrentStreams;

    /// <summary>Clients: the peer allows no stream at all (5.1.2).</summary>
    public bool IsShut => Peer.MaxConcurrentStreams == 0;

    /// <summary>Clients: a stream was opened before.</summary>
    public bool HasServed => Streams.NextLocalId != 1;

    /// <summary>Clients: the peer's SETTINGS have come; until then its defaults are assumed.</summary>
    public bool IsPeerKnown => Peer.Received;

    /// <summary>Why the connection ended, for people; null while it is open and after an ordinary end.</summary>
    public string? EndReason => life.EndReason;

    /// <summary>What we ended the connection for with a GOAWAY; null when it ended otherwise.</summary>
    public ErrorCode? Reproach => life.Reproach;

    /// <summary>Servers: called with what could be read of a request that was answered, or its stream reset, before it became a stream for anybody.</summary>
    internal Action<HeaderList, HttpMessageException>? OnRefused { get; set; }

    internal Connection Transport { get; }
    internal Http2Settings Settings { get; }
    internal Http2Limits Limits { get; }
    internal PeerSettings Peer { get; } = new();
    internal StreamTable Streams { get; }
    internal FrameWriter Writer { get; }
    internal SendScheduler Scheduler { get; }
    internal ReceiveWindow ReceiveWindow { get; }
    internal Turn Turn { get; }

    /// <summary>A server does as much as it announced, also for streams that the peer already gave up and their owners not yet.</summary>
    internal bool IsFull => Streams.Count >= Settings.MaxConcurrentStreams || unreleased >= 2 * Settings.MaxConcurrentStreams;

    /// <summary>Reads until the connection ends, then disposes the transport. Never throws for what the peer did; see <see cref="EndReason"/>.</summary>
    public Task RunAsync() => life.RunAsync();

    /// <summary>Servers: the next request; null when none will come.</summary>
    public ValueTask<Http2Stream?> AcceptAsync() => accepted.TakeAsync();

    /// <summary>Clients: begins a request. Waits while the peer allows no more streams; the list must stay as it is until then.</summary>
    /// <exception cref="ConnectionBrokenException">The connection ended or is draining; nothing was sent.</exception>
    public ValueTask<Http2Stream> OpenAsync(HeaderList request, bool endStream) => opens.OpenAsync(request, endStream);

    /// <summary>Until <see cref="IsPeerKnown"/>, or the connection has ended.</summary>
    public Task WaitForPeerAsync() => IsPeerKnown || !IsOpen ? Task.CompletedTask : (peerKnown ??= new TaskCompletionSource()).Task;

    /// <summary>Clients: as <see cref="OpenAsync"/>, at once.</summary>
    /// <exception cref="ConnectionBrokenException">Not <see cref="CanOpen"/>; nothing was sent.</exception>
    internal Http2Stream Open(HeaderList request, bool endStream) => opens.Open(request, endStream);

    /// <summary>Says that no more streams are taken and lets the open ones finish; then closes. Completes when the last one has.
    /// A server announces first and refuses a round trip later, so that no request is lost (6.8).</summary>
    public Task GoAwayAsync()
    {
        var drained = life.DrainAsync();
        unread.ResetAll();
        return drained;
    }

    void IDrainable.Drain() => _ = GoAwayAsync();

    /// <summary>Ends everything at once, without a word to the peer.</summary>
    public void Abort() => life.End(BreakKind.Aborted, "the connection was aborted here", abort: true);

    internal HeaderList RentHeaders() => headerLists.Rent();

    internal void ReturnHeaders(HeaderList list) => headerLists.Return(list);

    internal void ReadyToSend(Http2Stream stream)
    {
        Scheduler.Add(stream);
        Turn.Request();
    }

    internal ValueTask SendHeadAsync(Http2Stream stream, HeaderList fields, bool endStream)
    {
        SendHead(stream, fields, endStream);
        return WaitForRoomAsync();
    }

    internal ValueTask WaitForRoomAsync() => Writer.IsCrowded ? life.WaitForRoomAsync() : ValueTask.CompletedTask;

    internal void SendHead(Http2Stream stream, HeaderList fields, bool endStream)
    {
        Writer.WriteHead(stream.Id, fields, endStream, HeadFrameBytes);
        OnSent(stream, endStream);
    }

    internal void SendHead(Http2Stream stream, ResponseHead head, bool endStream)
    {
        Writer.WriteHead(stream.Id, head, endStream, HeadFrameBytes);
        OnSent(stream, endStream);
    }

    /// <returns>False when it has to wait: for windows, for others, for the transport.</returns>
    internal bool TrySendData(Http2Stream stream, in ReadOnlySequence<byte> data, bool endStream)
    {
        if (!Scheduler.TryWriteThrough(stream, data, endStream)) return false;
        OnSent(stream, endStream);
        return true;
    }

    internal void ResetStream(Http2Stream stream, ErrorCode code, BreakKind kind, string reason)
    {
        if (stream.IsBroken || !Streams.TryGet(stream.Id, out _)) return;
        Writer.WriteReset(stream.Id, code);
        Streams.RememberReset(stream.Id);
        stream.Break(kind, reason);
        Close(stream);
    }

    /// <summary>The peer broke a rule that concerns one stream only (5.4.2). Counts against it, because it can make us reset streams that way; not of a server that
    /// spoils what we ask of it, which is no more than we ask.</summary>
    internal void StreamError(int id, ErrorCode code, string reason)
    {
        bool isOpen = Streams.TryGet(id, out var stream);
        if (IsServer || !isOpen) CountReset();
        if (isOpen)
        {
            stream!.PeerFault = reason;
            ResetStream(stream, code, BreakKind.Reset, $"stream {id} was reset here with {code}: {reason}");
            return;
        }
        Writer.WriteReset(id, code);
        Streams.RememberReset(id);
    }

    internal void CountReset() => resets.Count();

    /// <summary>The peer has sent something that makes work and moves nothing.</summary>
    internal void CountIdleFrame() => idleFrames.Count();

    /// <summary>A receiver gives window back for what it has got, and may open a window for each stream: so many WINDOW_UPDATE frames are its good right.</summary>
    internal long WindowUpdatesExpected => Scheduler.DataFrames * Limits.WindowUpdatesPerDataFrame + Streams.Begun * 2;

    /// <summary>Who measures a connection sends a PING with each DATA frame that it got, one at a time: gRPC's estimate of bandwidth and delay. A conversation of small
    /// messages over a fast network has thousands a second.</summary>
    internal long PingsExpected => Scheduler.DataFrames;

    /// <summary>What was on its way when a stream ended comes late: a head, trailers or the end, and a reset, which some servers send after each answer that
    /// came before they had read the end of its request.</summary>
    internal void CountLateFrame()
    {
        if (++lateFrames > Streams.Begun * (long)LateFramesPerStream) CountIdleFrame();
    }

    internal bool IsBeyondGoAway(int id) => life.IsBeyondGoAway(id);

    internal void OnRequest(Http2Stream stream)
    {
        Add(stream);
        accepted.Add(stream);
        Turn.Wake(accepted);
    }

    internal void Add(Http2Stream stream)
    {
        unreleased++;
        Loop.Counts.Streams++;
        Streams.Add(stream);
    }

    /// <summary>431 without a stream object: nobody needs to see the request (10.5.1).</summary>
    internal void AnswerHeadTooLarge(int id, bool requestEnded)
    {
        CountReset();
        var answer = RentHeaders();
        answer.Add(":status"u8, "431"u8);
        answer.Add("date"u8, DateField.Now(Loop.Time));
        Writer.WriteHead(id, answer, endStream: true, Peer.MaxFrameBytes);
        ReturnHeaders(answer);
        if (!requestEnded) Writer.WriteReset(id, ErrorCode.NoError);
        Streams.RememberReset(id);
    }

    internal void EndRemote(Http2Stream stream)
    {
        bool isShort = stream.ExpectedBytes > 0;
        if (isShort && !(IsServer && stream.HeadSent))
        {
            StreamError(stream.Id, ErrorCode.ProtocolError, ShortBody);
            return;
        }
        // Clients end an upload that is refused before its end like this: they get their answer, who reads the body gets the error.
        if (isShort) stream.EndRemoteShort(ShortBody);
        else stream.EndRemote();
        if (stream.LocalEnded) Close(stream);
    }

    /// <summary>The stream is closed in both directions, or reset.</summary>
    internal void Close(Http2Stream stream)
    {
        if (!Streams.Remove(stream)) return;
        if (stream.IsReleased) Retire(stream);
        opens.Resume();
        life.OnStreamClosed();
    }

    internal void OnReleased(Http2Stream stream)
    {
        unreleased--;
        Loop.Counts.Streams--;
        if (!Streams.TryGet(stream.Id, out _)) Retire(stream);
        else if (stream.LocalEnded) RefuseRest(stream);
    }

    internal void OnPeerSettings()
    {
        TellPeerKnown();
        opens.Resume();
        Turn.Request();
    }

    internal void OnSettingsAck() => life.OnSettingsAck();

    internal void OnPingAck(long opaque) => life.OnPingAck(opaque);

    internal void OnGoAway(int lastStreamId, ErrorCode code, ReadOnlySpan<byte> debug)
    {
        life.OnGoAway(code, Encoding.Latin1.GetString(debug[..Math.Min(debug.Length, 200)]));
        foreach (var stream in Streams.Open.Where(stream => !IsServer && stream.Id > lastStreamId).ToArray())
        {
            stream.IsRefused = true;
            stream.Break(BreakKind.Reset, $"stream {stream.Id} was not taken by the peer, which is closing the connection ({code})");
            Close(stream);
        }
        opens.Resume();
    }

    /// <summary>Everything that waits on this connection goes on and finds that it ended.</summary>
    internal void BreakAll(BreakKind kind, string reason)
    {
        unread.Clear();
        foreach (var stream in Streams.Open.ToArray())
        {
            stream.Break(kind, reason);
            Close(stream);
        }
        TellPeerKnown();
        opens.Resume();
        Turn.Wake(accepted);
    }

    internal void WakeAcceptor() => Turn.Wake(accepted);

    /// <summary>Later: who waits must not go on in the middle of a frame.</summary>
    private void TellPeerKnown()
    {
        if (peerKnown is not null) Loop.Post(static known => ((TaskCompletionSource)known!).TrySetResult(), peerKnown);
    }

    private int HeadFrameBytes => Math.Min(Peer.MaxFrameBytes, FrameHeader.DefaultMaxFrameSize);

    private void OnSent(Http2Stream stream, bool endStream)
    {
        Turn.Request();
        if (!endStream) return;
        stream.SendBuffer.HasEnded();
        OnLocalEnd(stream);
    }

    /// <summary>Neither its owner nor the peer has anything to do with it any more.</summary>
    private static void Retire(Http2Stream stream)
    {
        stream.GiveBackHeaders();
        if (stream.CanBeginAgain) StreamPool.Return(stream);
    }

    private void OnLocalEnd(Http2Stream stream)
    {
        stream.LocalEnded = true;
        if (stream.RemoteEnded) Close(stream);
        else if (stream.IsReleased) RefuseRest(stream);
    }

    /// <summary>Our side is done and nobody reads what still comes. A server that has answered says so with NO_ERROR (8.1).</summary>
    internal void ResetUnread(Http2Stream stream) =>
        ResetStream(stream, IsServer ? ErrorCode.NoError : ErrorCode.Cancel, BreakKind.Aborted, $"stream {stream.Id} was given up");

    private void RefuseRest(Http2Stream stream)
    {
        if (!IsServer || !unread.TryAdd(stream)) ResetUnread(stream);
    }
}
