using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>One request and its response, or one tunnel. Lives on the connection's loop and is used only there.
/// One reader, one writer, one owner, who calls <see cref="Dispose"/> exactly once; after that the stream and its header lists belong to the connection,
/// which may make the next stream of it.</summary>
public sealed class Http2Stream : IDisposable
{
    private readonly StreamInput input;
    private readonly StreamOutput output;
    private readonly Queue<HeaderList> heads = new(1);
    private readonly HeadWait headWait;
    private Http2Connection connection;
    private bool isReusable;
    private bool wantsInterim;
    private int receiveWindow;
    private int creditOwed;
    private ConnectionBrokenException? broken;
    private long sentBytes;
    private long sentAtLook;
    private long stalledAt;

    internal Http2Stream(Http2Connection connection)
    {
        this.connection = connection;
        headWait = new HeadWait(this);
        input = new StreamInput(this);
        output = new StreamOutput(this);
    }

    public int Id { get; private set; }

    /// <summary>The peer's head with its pseudo-header fields. On servers the request; on clients the final response, once
    /// <see cref="ReadHeadersAsync"/> gave it.</summary>
    public HeaderList Headers { get; internal set; } = EmptyHeaders;

    /// <summary>The peer's trailers; set before <see cref="Input"/> says that it is completed. Null if there are none.</summary>
    public HeaderList? Trailers { get; internal set; }

    /// <summary>The peer's body. Ends with IsCompleted at END_STREAM; after a reset reading throws <see cref="ConnectionBrokenException"/>.</summary>
    public PipeReader Input => input;

    /// <summary>Our body. FlushAsync waits for window and transport; completing it sends END_STREAM.
    /// A flush result with IsCompleted: the peer answered and wants no more.</summary>
    public PipeWriter Output => output;

    /// <summary>What the peer said when it reset the stream; null if it did not.</summary>
    public ErrorCode? ResetCode { get; internal set; }

    /// <summary>The peer has certainly not acted on the request (REFUSED_STREAM, or above the last stream of its GOAWAY): a retry is safe.</summary>
    public bool IsRefused { get; internal set; }

    /// <summary>Reset by either side, or the connection ended.</summary>
    public bool IsBroken => broken is not null;

    private static HeaderList EmptyHeaders { get; } = new();

    /// <summary>The peer has sent all of its message.</summary>
    public bool RemoteEnded { get; private set; }
    internal bool LocalEnded { get; set; }

    /// <summary>The rule that the peer broke on this stream, for which we reset it.</summary>
    internal string? PeerFault { get; set; }
    internal bool IsReleased { get; private set; }
    internal bool HeadSent { get; set; }
    internal bool FinalHeadReceived { get; set; }

    /// <summary>Responses to HEAD, 204 and 304: a content-length there says nothing about DATA (RFC 9110 8.6).</summary>
    internal bool IsHeadRequest { get; set; }
    internal bool IsConnectRequest { get; set; }

    /// <summary>What content-length promised and is still to come; -1 if nothing was promised.</summary>
    internal long ExpectedBytes { get; set; } = -1;

    /// <summary>What content-length promised of the body; -1 if nothing was promised.</summary>
    internal long PromisedBytes { get; private set; } = -1;

    /// <summary>The peer's message is over and was its head alone.</summary>
    internal bool IsHeadOnly => RemoteEnded && input.BufferedBytes == 0 && Trailers is null;

    internal int SendWindow { get; private set; }
    internal bool IsScheduled { get; set; }
    internal HeaderList? PendingTrailers { get; private set; }
    internal StreamOutput SendBuffer => output;
    internal StreamInput ReceiveBuffer => input;

    /// <summary>Fired when the stream is broken; null: nobody waits for that alone.</summary>
    internal LoopSignal? BrokenSignal { get; set; }
    internal int InterimHeads => heads.Count;

    internal long SendableBytes => Math.Max(0, Math.Min(output.Sendable, SendWindow));

    internal bool HasSomethingToSend => broken is null && !LocalEnded && (SendableBytes > 0 || output.EndRequested && output.Sendable == 0);

    /// <summary>Clients: the final response head, passing over 1xx; with <paramref name="interim"/> each head as it comes.</summary>
    /// <exception cref="ConnectionBrokenException">Reset before the head came.</exception>
    public ValueTask<HeaderList> ReadHeadersAsync(bool interim = false)
    {
        wantsInterim = interim;
        return TryTakeHead() ? new ValueTask<HeaderList>(Headers) : headWait.WaitAsync();
    }

    /// <summary>Servers: the response head; any number of 1xx before it. Returns when it is on its way; waits if the transport is blocked.</summary>
    public ValueTask SendHeadersAsync(HeaderList fields, bool endStream)
    {
        ThrowIfBroken();
        bool interim = MessageRules.IsInterim(fields);
        HeadSent |= !interim;
        return connection.SendHeadAsync(this, fields, endStream);
    }

    /// <summary>As <see cref="SendHeadersAsync"/> without the wait: the body waits instead, or whoever asks for <see cref="WaitForRoomAsync"/>.</summary>
    internal void SendHead(ResponseHead head, bool endStream)
    {
        ThrowIfBroken();
        HeadSent |= head.Status == 101 || !head.IsInterim;
        connection.SendHead(this, head, endStream);
    }

    /// <summary>While the transport is blocked and much waits for it already.</summary>
    internal ValueTask WaitForRoomAsync() => connection.WaitForRoomAsync();

    /// <summary>It was read and is not asked for again: the next head can have its list.</summary>
    internal void GiveBackHead()
    {
        if (!ReferenceEquals(Headers, EmptyHeaders)) connection.ReturnHeaders(Headers);
        Headers = EmptyHeaders;
    }

    /// <summary>Ends our side with trailers, after all of the body. Completes <see cref="Output"/>.</summary>
    public ValueTask SendTrailersAsync(HeaderList fields)
    {
        ThrowIfBroken();
        PendingTrailers = connection.RentHeaders();
        fields.CopyTo(PendingTrailers);
        return output.CompleteAsync();
    }

    /// <summary>Ends both directions at once with RST_STREAM. Idempotent; nothing happens when the stream is over.</summary>
    public void Reset(ErrorCode code) => connection.ResetStream(this, code, BreakKind.Aborted, $"stream {Id} was reset here with {code}");

    /// <summary>As <see cref="Reset"/>, behind as much of what was written as windows and transport take now.</summary>
    internal void ResetAfterData(ErrorCode code)
    {
        if (!IsBroken) connection.Scheduler.WriteRest(this);
        Reset(code);
    }

    /// <summary>As a new stream. It was never used before, or is <see cref="CanBeginAgain"/>.</summary>
    internal void Begin(Http2Connection connection, int id)
    {
        this.connection = connection;
        Id = id;
        SendWindow = connection.Peer.InitialWindow;
        receiveWindow = connection.Settings.StreamWindowBytes;
        input.Begin();
        output.Begin(connection.Limits.StreamSendBufferBytes);
        isReusable = wantsInterim = false;
        (creditOwed, sentBytes, sentAtLook, stalledAt) = (0, 0, 0, 0);
        PeerFault = null;
        (ResetCode, IsRefused, RemoteEnded, LocalEnded, IsReleased) = (null, false, false, false, false);
        (HeadSent, FinalHeadReceived, IsHeadRequest, IsConnectRequest) = (false, false, false, false);
        ExpectedBytes = PromisedBytes = -1;
    }

    /// <summary>It ended in order, its owner gave it up for reuse, and nobody holds it or has it in a queue.</summary>
    internal bool CanBeginAgain => isReusable && IsReleased && !IsBroken && !IsScheduled && BrokenSignal is null
        && !headWait.IsQueued && !input.Changed.IsQueued && !output.Drained.IsQueued;

    /// <summary>As <see cref="Dispose"/>, by an owner of whom it is certain that no reference to the stream, its input and its output is left.</summary>
    internal void DisposeForReuse()
    {
        isReusable = !IsConnectRequest;
        Dispose();
    }

    /// <summary>Gives the stream back. What was written before <c>Output</c> was completed is still sent; a body that was not read to its end is
    /// refused; an output that was not completed resets the stream with CANCEL.</summary>
    public void Dispose()
    {
        if (IsReleased) return;
        IsReleased = true;
        if (!output.EndRequested) Reset(ErrorCode.Cancel);
        input.Complete();
        if (IsBroken || LocalEnded) output.Clear();
        connection.OnReleased(this);
    }

    internal void ThrowIfBroken()
    {
        if (broken is not null) throw new ConnectionBrokenException(broken.Kind, broken.Message, broken.Errno);
    }

    internal void DemandHeadSent()
    {
        if (!HeadSent) throw new InvalidOperationException($"stream {Id}: body before the response head");
    }

    internal void Wake(LoopSignal signal) => connection.Turn.Wake(signal);

    internal void ReadyToSend() => connection.ReadyToSend(this);

    internal bool TrySendData(in ReadOnlySequence<byte> data, bool endStream) => connection.TrySendData(this, data, endStream);

    /// <summary>Ends the stream for its owner; the body may stay readable if it had arrived completely.</summary>
    internal void Break(BreakKind kind, string reason)
    {
        if (broken is not null) return;
        broken = new ConnectionBrokenException(kind, reason);
        if (IsReleased) output.Clear();
        WakeAll();
    }

    /// <summary>The peer wants no more of our body but has answered.</summary>
    internal void StopSending()
    {
        output.IsUnwanted = true;
        LocalEnded = true;
        Wake(output.Drained);
    }

    internal void Promise(long bytes) => PromisedBytes = ExpectedBytes = bytes;

    internal void OnHead(HeaderList head)
    {
        heads.Enqueue(head);
        Wake(headWait);
    }

    internal void EndRemote()
    {
        RemoteEnded = true;
        input.End();
        Wake(input.Changed);
    }

    /// <summary>The peer has ended a body that is not whole; our side goes on.</summary>
    internal void EndRemoteShort(string reason)
    {
        RemoteEnded = true;
        PeerFault = reason;
        input.Fail(reason);
        Wake(input.Changed);
    }

    /// <returns>False when the peer exceeds the stream's window.</returns>
    internal bool TryReceive(int frameBytes)
    {
        receiveWindow -= frameBytes;
        return receiveWindow >= 0;
    }

    /// <summary>Bytes of the frame that never reach the reader: padding and its length.</summary>
    internal void OnPadding(int bytes) => ReturnCredit(bytes);

    internal void OnData(in ReadOnlySequence<byte> part)
    {
        if (part.IsEmpty) return;
        if (input.IsCompleted)
        {
            // After our answer it is about to be reset: no window for what nobody reads.
            if (!LocalEnded) ReturnCredit((int)part.Length);
            return;
        }
        input.Append(part);
        connection.ReceiveWindow.OnBuffered(part.Length);
        Wake(input.Changed);
    }

    internal void OnConsumed(long bytes)
    {
        if (bytes == 0) return;
        connection.ReceiveWindow.OnConsumed(bytes);
        ReturnCredit((int)bytes);
        connection.Turn.Request();
    }

    internal void OnSent(int bytes)
    {
        SendWindow -= bytes;
        sentBytes += bytes;
        if (output.HasRoom) Wake(output.Drained);
    }

    /// <summary>To be asked now and then.</summary>
    /// <param name="now">A timestamp.</param>
    /// <returns>Since when nothing of what waits could be sent, as far as earlier questions tell; null when it goes on.</returns>
    internal long? StalledSince(long now)
    {
        bool goesOn = output.Sendable == 0 || sentBytes != sentAtLook || stalledAt == 0;
        if (goesOn) (sentAtLook, stalledAt) = (sentBytes, output.Sendable == 0 ? 0 : now);
        return goesOn ? null : stalledAt;
    }

    /// <returns>False when the window would exceed 2^31-1.</returns>
    internal bool TryGrowSendWindow(int increment)
    {
        long window = (long)SendWindow + increment;
        if (window > int.MaxValue) return false;
        SendWindow = (int)window;
        ReadyToSend();
        return true;
    }

    internal void GiveBackHeaders()
    {
        GiveBackHead();
        if (Trailers is not null) connection.ReturnHeaders(Trailers);
        if (PendingTrailers is not null) connection.ReturnHeaders(PendingTrailers);
        while (heads.TryDequeue(out var head)) connection.ReturnHeaders(head);
        (Trailers, PendingTrailers) = (null, null);
    }

    private void ReturnCredit(int bytes)
    {
        creditOwed += bytes;
        if (RemoteEnded || IsBroken || creditOwed < connection.Settings.StreamWindowBytes / 2) return;
        connection.Writer.WriteWindowUpdate(Id, creditOwed);
        receiveWindow += creditOwed;
        creditOwed = 0;
    }

    private bool TryTakeHead()
    {
        while (heads.TryDequeue(out var head))
        {
            GiveBackHead();
            Headers = head;
            if (wantsInterim || !MessageRules.IsInterim(head)) return true;
        }
        ThrowIfBroken();
        return false;
    }

    private void WakeAll()
    {
        if (BrokenSignal is not null) Wake(BrokenSignal);
        Wake(headWait);
        Wake(input.Changed);
        Wake(output.Drained);
    }

    private sealed class HeadWait(Http2Stream stream) : LoopWait<HeaderList>
    {
        protected override bool TryComplete(out HeaderList result)
        {
            bool taken = stream.TryTakeHead();
            result = stream.Headers;
            return taken;
        }
    }
}
