using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Mesh.Http.Hpack;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>How a connection begins, goes on and ends: opening frames, the read loop, flushing, keep-alive, GOAWAY in both directions.
/// <code>
/// running → draining (GOAWAY, streams finish) → over → closing (what is written goes out, the peer closes) → transport disposed
///        └────────── protocol error, EOF, reset, silence ──┘
/// </code></summary>
internal sealed class ConnectionLife
{
    private const long KeepAlivePing = 1;
    private const long DrainPing = 2;

    private readonly Http2Connection connection;
    private readonly Connection transport;
    private readonly KeepAlive keepAlive;
    private readonly LoopTimer settingsTimer;
    private readonly UnblockedWait unblocked;
    private readonly List<TaskCompletionSource> waitingForRoom = [];
    private readonly FrameParser parser;
    private InboundFrames? frames;
    private TaskCompletionSource? drained;
    private bool prefaceSeen;
    private bool settingsAcknowledged;
    private bool isAborted;
    private bool isUnwritable;
    private int goAwayLastId = int.MaxValue;

    public ConnectionLife(Http2Connection connection)
    {
        (this.connection, transport) = (connection, connection.Transport);
        unblocked = new UnblockedWait(this, connection.Writer);
        keepAlive = new KeepAlive(transport.Loop, connection.Limits, SendPing, OnSilence, ResetStalled);
        settingsTimer = new LoopTimer(transport.Loop.Timers, static state => ((ConnectionLife)state!).OnSettingsTimeout(), this);
        // A head in one frame may be as large as a block in several, plus padding and priority.
        parser = new FrameParser(connection.Settings.MaxFrameBytes, connection.Settings.MaxHeaderListBytes + 262);
        prefaceSeen = !connection.IsServer;
    }

    public bool IsOver { get; private set; }

    public bool IsDraining { get; private set; }

    /// <summary>Draining, and no stream will come any more.</summary>
    public bool IsDrained => IsDraining && goAwayLastId != int.MaxValue && connection.Streams.Count == 0;

    public string? EndReason { get; private set; }

    /// <summary>What we reproached the peer with when we ended the connection; null when we did not.</summary>
    public ErrorCode? Reproach { get; private set; }

    public bool IsBeyondGoAway(int id) => id > goAwayLastId;

    public void WriteOpening()
    {
        var (writer, settings) = (connection.Writer, connection.Settings);
        if (!connection.IsServer) writer.WritePreface();
        writer.WriteSettings(settings, connection.IsServer);
        int extra = settings.ConnectionWindowBytes - PeerSettings.DefaultWindow;
        if (extra > 0) writer.WriteWindowUpdate(0, extra);
        connection.Turn.Request();
    }

    public async Task RunAsync()
    {
        frames = new InboundFrames(connection);
        keepAlive.Start();
        settingsTimer.Arm(connection.Limits.SettingsTimeout);
        try
        {
            while (HandleInput(await transport.Input.ReadAsync()))
            {
            }
            if (!isAborted) await CloseAsync();
        }
        catch (ConnectionBrokenException broken)
        {
            End(broken.Kind, broken.Message, abort: true);
        }
        finally
        {
            await transport.DisposeAsync();
        }
    }

    /// <summary>Sends what is due, until all is with the transport or it makes us wait.</summary>
    public void Pump()
    {
        var writer = connection.Writer;
        if (writer.HasOverflowed) Reproach = ErrorCode.EnhanceYourCalm;
        if (writer.HasOverflowed) End(BreakKind.Reset, "the peer does not read what we must answer", abort: true);
        while (!writer.IsBlocked && !isAborted)
        {
            writer.MoveQueue();
            if (!IsOver) connection.Scheduler.WriteData();
            if (writer.Unflushed == 0) return;
            writer.OnFlushed();
            try
            {
                var flush = transport.Output.FlushAsync();
                if (flush.IsCompleted)
                {
                    flush.GetAwaiter().GetResult();
                    continue;
                }
                writer.IsBlocked = true;
                _ = WaitForFlushAsync(flush);
            }
            catch (ConnectionBrokenException broken)
            {
                OnUnwritable(broken);
            }
        }
    }

    public ValueTask WaitForRoomAsync()
    {
        var room = new TaskCompletionSource();
        waitingForRoom.Add(room);
        return new ValueTask(room.Task);
    }

    public Task DrainAsync()
    {
        if (drained is not null) return drained.Task;
        drained = new TaskCompletionSource();
        if (IsOver)
        {
            drained.SetResult();
            return drained.Task;
        }
        IsDraining = true;
        if (connection.IsServer)
        {
            connection.Writer.WriteGoAway(int.MaxValue, ErrorCode.NoError, default);
            WritePing(DrainPing);
        }
        else
        {
            AnnounceLast(ErrorCode.NoError, default);
        }
        connection.Turn.Request();
        OnStreamClosed();
        return drained.Task;
    }

    public void OnStreamClosed()
    {
        if (IsDrained) End(BreakKind.Aborted, null, abort: false);
    }

    public void OnSettingsAck()
    {
        settingsAcknowledged = true;
        if (connection.Peer.Received) settingsTimer.Cancel();
    }

    public void OnPingAck(long opaque)
    {
        if (opaque != DrainPing || goAwayLastId != int.MaxValue) return;
        AnnounceLast(ErrorCode.NoError, default);
        connection.WakeAcceptor();
        OnStreamClosed();
    }

    /// <summary>Clients open nothing more. From a client it only says that it wants no pushes, which it never gets (6.8).</summary>
    public void OnGoAway(ErrorCode code, string debug)
    {
        if (connection.IsServer) return;
        if (code != ErrorCode.NoError) EndReason ??= $"the peer closed the connection with {code}: {debug}";
        IsDraining = true;
        goAwayLastId = Math.Min(goAwayLastId, int.MaxValue - 1);
        OnStreamClosed();
    }

    /// <param name="reason">Null for an ordinary end.</param>
    /// <param name="abort">The transport is of no use any more; otherwise what is written still goes out.</param>
    public void End(BreakKind kind, string? reason, bool abort)
    {
        if (!IsOver)
        {
            IsOver = true;
            EndReason ??= reason;
            keepAlive.Stop();
            settingsTimer.Cancel();
            connection.BreakAll(kind, EndReason ?? "the connection was closed");
            drained?.TrySetResult();
            ResumeRoomWaiters();
            if (!abort) transport.Input.CancelPendingRead();
        }
        if (!abort || isAborted) return;
        isAborted = true;
        transport.Abort();
    }

    private bool HandleInput(ReadResult result)
    {
        keepAlive.OnBytes();
        var rest = result.Buffer;
        var consumed = rest.End;
        connection.Turn.Begin();
        try
        {
            if (!IsOver) consumed = TryPassPreface(ref rest) ? parser.Parse(rest, frames!) : rest.Start;
        }
        catch (Http2ProtocolException error)
        {
            Fail(error.Code, error.Message);
        }
        catch (HpackException error)
        {
            Fail(ErrorCode.CompressionError, error.Message);
        }
        transport.Input.AdvanceTo(consumed, result.Buffer.End);
        if (result.IsCompleted) OnEndOfInput();
        connection.Turn.End();
        return !IsOver;
    }

    private bool TryPassPreface(ref ReadOnlySequence<byte> rest)
    {
        if (prefaceSeen) return true;
        if (Preface.Match(rest) is not { } matches) return false;
        if (!matches) throw new Http2ProtocolException(ErrorCode.ProtocolError, "the client does not begin with the HTTP/2 preface (RFC 9113 3.4)");
        rest = rest.Slice(Preface.Bytes.Length);
        return prefaceSeen = true;
    }

    private void OnEndOfInput()
    {
        int open = connection.Streams.Count;
        End(BreakKind.Reset, open > 0 ? $"the peer closed the connection with {open} streams open" : null, abort: false);
    }

    private void Fail(ErrorCode code, string reason)
    {
        Reproach = code;
        AnnounceLast(code, Encoding.Latin1.GetBytes(reason));
        End(BreakKind.Reset, $"{code}: {reason}", abort: false);
        connection.Turn.Request();
    }

    private void AnnounceLast(ErrorCode code, ReadOnlySpan<byte> debug)
    {
        goAwayLastId = connection.Streams.LastPeerId;
        connection.Writer.WriteGoAway(goAwayLastId, code, debug);
    }

    /// <summary>Lets what is written reach the peer: closing at once could destroy it on the way, together with what we did not read.</summary>
    private async Task CloseAsync()
    {
        var linger = new LoopTimer(transport.Loop.Timers, static state => ((Connection)state!).Abort(), transport);
        linger.Arm(connection.Limits.LingerTimeout);
        try
        {
            for (Pump(); connection.Writer.IsBlocked; Pump())
            {
                if (isUnwritable) return;
                await unblocked.WaitAsync();
            }
            await transport.Output.CompleteAsync();
            ReadResult result;
            do
            {
                result = await transport.Input.ReadAsync();
                transport.Input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
            transport.Input.Complete();
        }
        finally
        {
            linger.Cancel();
        }
    }

    private async Task WaitForFlushAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            await flush;
        }
        catch (ConnectionBrokenException broken)
        {
            OnUnwritable(broken);
            return;
        }
        connection.Writer.IsBlocked = false;
        connection.Turn.Wake(unblocked);
        connection.Turn.RunNow();
        if (!connection.Writer.IsCrowded) ResumeRoomWaiters();
    }

    /// <summary>Responses and GOAWAY may have arrived before the peer closed: reading goes on to what ended it. Nothing is written any more.</summary>
    private void OnUnwritable(ConnectionBrokenException broken)
    {
        (isUnwritable, connection.Writer.IsBlocked) = (true, true);
        if (!IsOver) return;
        End(broken.Kind, broken.Message, abort: true);
        connection.Turn.Wake(unblocked);
    }

    private void ResumeRoomWaiters()
    {
        var resumed = waitingForRoom.ToArray();
        waitingForRoom.Clear();
        foreach (var waiter in resumed) transport.Loop.Post(static state => ((TaskCompletionSource)state!).SetResult(), waiter);
    }

    private void OnSettingsTimeout()
    {
        string missing = settingsAcknowledged ? "SETTINGS" : connection.Peer.Received ? "acknowledgment of our SETTINGS" : "preface and SETTINGS";
        Fail(ErrorCode.SettingsTimeout, $"the peer's {missing} did not come within {connection.Limits.SettingsTimeout}");
    }

    private void ResetStalled()
    {
        var timeout = connection.Limits.StallTimeout;
        if (timeout == Timeout.InfiniteTimeSpan) return;
        var time = transport.Loop.Time;
        long now = time.GetTimestamp();
        foreach (var stream in connection.Streams.Open.Where(stream => stream.StalledSince(now) is { } since && time.GetElapsedTime(since, now) >= timeout).ToArray())
        {
            connection.CountReset();
            connection.ResetStream(stream, ErrorCode.Cancel, BreakKind.Reset, $"stream {stream.Id} was reset here: the peer took nothing of it for {timeout}");
        }
        connection.Turn.Request();
    }

    private void SendPing()
    {
        WritePing(KeepAlivePing);
        connection.Turn.Request();
    }

    private void WritePing(long opaque)
    {
        Span<byte> payload = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(payload, opaque);
        connection.Writer.WritePing(payload, ack: false);
    }

    private void OnSilence() => End(
        BreakKind.Reset, $"no sign of life from {transport.RemoteAddress} within {connection.Limits.PingTimeout} after a PING", abort: true);

    private sealed class UnblockedWait(ConnectionLife life, FrameWriter writer) : LoopWait<bool>
    {
        protected override bool TryComplete(out bool result) => result = !writer.IsBlocked || life.isUnwritable;
    }
}
