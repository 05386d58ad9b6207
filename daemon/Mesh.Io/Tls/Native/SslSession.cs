using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace Mesh.Io.Tls.Native;

internal enum SslStep
{
    Done,

    /// <summary>Everything given was taken and more is needed.</summary>
    NeedsInput,

    /// <summary>The peer sent close_notify: it will send nothing more.</summary>
    Closed,

    /// <summary>See <see cref="SslSession.Error"/>. An alert for the peer may be waiting in the output.</summary>
    Failed,
}

/// <summary>One TLS session as bytes in, bytes out; no sockets, no waiting. Used on one loop.
/// What does not go into a caller's window (handshake flights, alerts, key updates) waits until <see cref="DrainTo"/>.</summary>
internal sealed unsafe class SslSession : SafeHandle
{
    /// <summary>Half of what AES-GCM allows under one key (RFC 8446 5.5: 2^24.5 full-size records); OpenSSL itself never renews.</summary>
    internal const long DefaultRecordsPerKey = 1L << 23;

    private readonly BioState* state;
    private long recordsUnderKey;

    private SslSession(SslContextHandle context) : base(0, ownsHandle: true)
    {
        nint ssl = Libssl.SSL_new(context);
        if (ssl == 0) throw OpenSslErrors.Configuration("make a TLS session");
        state = (BioState*)NativeMemory.AllocZeroed((nuint)sizeof(BioState));
        SetHandle(ssl);
        nint bio = TransportBio.Create(state);
        Libssl.SSL_set_bio(ssl, bio, bio);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Why the last step failed.</summary>
    internal SslError Error { get; private set; }

    internal long RecordsPerKey { get; set; } = DefaultRecordsPerKey;

    /// <summary>Decrypted bytes that <see cref="Read"/> gives without new input.</summary>
    internal int Pending => Libssl.SSL_pending(handle);

    internal int WaitingOutput => state->SpillLength;

    /// <param name="alpn">Wire form, best first.</param>
    /// <param name="now">Certificates are judged at this moment: the loop's time, which in a simulation is not the machine's.</param>
    internal static SslSession Accepting(SslContextHandle context, ReadOnlySpan<byte> alpn, DateTimeOffset now)
    {
        var session = new SslSession(context);
        session.SetTime(now);
        session.state->Alpn = (byte*)NativeMemory.Alloc((nuint)alpn.Length);
        session.state->AlpnLength = alpn.Length;
        alpn.CopyTo(new Span<byte>(session.state->Alpn, alpn.Length));
        Libssl.SSL_set_accept_state(session.handle);
        return session;
    }

    /// <inheritdoc cref="Accepting"/>
    internal static SslSession Connecting(SslContextHandle context, ReadOnlySpan<byte> alpn, DateTimeOffset now, ServerName? server)
    {
        var session = new SslSession(context);
        session.SetTime(now);
        fixed (byte* protocols = alpn)
        {
            if (alpn.Length > 0 && Libssl.SSL_set_alpn_protos(session.handle, protocols, (uint)alpn.Length) != 0)
                throw OpenSslErrors.Configuration("set the ALPN protocols");
        }
        server?.ApplyTo(session.handle);
        Libssl.SSL_set_connect_state(session.handle);
        return session;
    }

    /// <summary>Client: tickets are wanted, and this one, if any, may save the certificates.</summary>
    internal void Offer(SslTicket? ticket)
    {
        state->KeepTickets = true;
        if (ticket is null) return;
        nint copy = Libssl.SSL_SESSION_dup(ticket); // OpenSSL spoils what it has resumed once
        if (copy != 0) Libssl.SSL_set_session(handle, copy);
        Libssl.SSL_SESSION_free(copy);
        Libcrypto.ERR_clear_error(); // refused: a full handshake then
    }

    /// <summary>Server: a ticket goes out before what is written next.</summary>
    internal void IssueTicket()
    {
        Libssl.SSL_new_session_ticket(handle);
        Libcrypto.ERR_clear_error();
    }

    internal bool IsResumed => Libssl.SSL_session_reused(handle) == 1;

    internal bool HasTicket => state->Ticket != 0;

    /// <summary>Client: the ticket that has come.</summary>
    /// <param name="peerNotAfter">Of the peer's leaf: all that is known when this session was resumed itself.</param>
    internal SslTicket TakeTicket(DateTimeOffset peerNotAfter)
    {
        long end = SessionTickets.FirstEnd(handle);
        var ticket = new SslTicket(state->Ticket, end == 0 ? peerNotAfter : DateTimeOffset.FromUnixTimeSeconds(end));
        state->Ticket = 0;
        return ticket;
    }

    internal SslStep Handshake(ReadOnlySpan<byte> input, out int consumed)
    {
        fixed (byte* start = input)
        {
            BeginInput(start, input.Length);
            int result = Libssl.SSL_do_handshake(handle);
            var step = result == 1 ? SslStep.Done : Classify(result);
            consumed = EndInput(input.Length);
            return step;
        }
    }

    /// <summary>Decrypts at most one record. Done means that <paramref name="produced"/> bytes were written.</summary>
    internal SslStep Read(ReadOnlySpan<byte> input, out int consumed, byte* destination, int length, out int produced)
    {
        fixed (byte* start = input)
        {
            BeginInput(start, input.Length);
            int result = Libssl.SSL_read(handle, destination, length);
            produced = Math.Max(0, result);
            var step = result > 0 ? SslStep.Done : Classify(result);
            consumed = EndInput(input.Length);
            return step;
        }
    }

    /// <summary>Encrypts everything. Records that do not fit the window wait for <see cref="DrainTo"/>.</summary>
    /// <returns>Bytes written to the window, or -1 after a failure.</returns>
    internal int Write(ReadOnlySpan<byte> plaintext, Span<byte> window)
    {
        if (++recordsUnderKey >= RecordsPerKey) RenewKey();
        fixed (byte* source = plaintext, target = window)
        {
            SetWindow(target, window.Length);
            Libcrypto.ERR_clear_error();
            int result = Libssl.SSL_write(handle, source, plaintext.Length);
            if (result <= 0) Classify(result);
            int written = state->WindowLength;
            SetWindow(null, 0);
            return result == plaintext.Length ? written : -1;
        }
    }

    /// <summary>Queues close_notify. The other direction stays open (RFC 8446 6.1).</summary>
    internal void CloseOutput()
    {
        Libcrypto.ERR_clear_error();
        Libssl.SSL_shutdown(handle);
        Libcrypto.ERR_clear_error();
    }

    /// <summary>Moves waiting output into the pipe; the caller flushes.</summary>
    internal void DrainTo(PipeWriter output)
    {
        var waiting = new ReadOnlySpan<byte>(state->Spill, state->SpillLength);
        while (!waiting.IsEmpty)
        {
            var room = output.GetSpan();
            int count = Math.Min(room.Length, waiting.Length);
            waiting[..count].CopyTo(room);
            output.Advance(count);
            waiting = waiting[count..];
        }
        DiscardOutput();
    }

    /// <summary>Waiting output is rare, so an idle session keeps no memory for it.</summary>
    internal void DiscardOutput()
    {
        NativeMemory.Free(state->Spill);
        state->Spill = null;
        state->SpillCapacity = state->SpillLength = 0;
    }

    /// <returns>The negotiated protocol, null if there is none.</returns>
    internal string? SelectedAlpn()
    {
        byte* name;
        uint length;
        Libssl.SSL_get0_alpn_selected(handle, &name, &length);
        return length == 0 ? null : System.Text.Encoding.ASCII.GetString(name, (int)length);
    }

    /// <returns>DER of the peer's leaf, null if it presented none.</returns>
    internal byte[]? PeerCertificate()
    {
        nint certificate = Libssl.SSL_get1_peer_certificate(handle);
        if (certificate == 0) return null;
        var der = new byte[Math.Max(0, Libcrypto.i2d_X509(certificate, null))];
        fixed (byte* start = der)
        {
            byte* cursor = start;
            Libcrypto.i2d_X509(certificate, &cursor);
        }
        Libcrypto.X509_free(certificate);
        return der;
    }

    protected override bool ReleaseHandle()
    {
        // Without this SSL_free spoils the ticket of a connection that was not closed by close_notify, an idea of TLS before 1.3.
        Libssl.SSL_set_shutdown(handle, Libssl.SentAndReceivedShutdown);
        Libssl.SSL_free(handle);
        if (state->Ticket != 0) Libssl.SSL_SESSION_free(state->Ticket);
        NativeMemory.Free(state->Spill);
        NativeMemory.Free(state->Alpn);
        NativeMemory.Free(state);
        return true;
    }

    private void SetTime(DateTimeOffset now)
    {
        state->NowUnixSeconds = now.ToUnixTimeSeconds();
        Libcrypto.X509_VERIFY_PARAM_set_time(Libssl.SSL_get0_param(handle), (nint)state->NowUnixSeconds);
    }

    private void RenewKey()
    {
        recordsUnderKey = 0;
        Libssl.SSL_key_update(handle, Libssl.KeyUpdateNotRequested); // goes out before the next record
    }

    private void BeginInput(byte* start, int length)
    {
        SetInput(start, length);
        Libcrypto.ERR_clear_error(); // SSL_get_error looks at the thread's queue
    }

    private int EndInput(int length)
    {
        int consumed = length - state->InputLength;
        SetInput(null, 0);
        return consumed;
    }

    private void SetInput(byte* start, int length)
    {
        state->Input = start;
        state->InputLength = length;
    }

    private void SetWindow(byte* start, int capacity)
    {
        state->Window = start;
        state->WindowCapacity = capacity;
        state->WindowLength = 0;
    }

    private SslStep Classify(int result)
    {
        switch (Libssl.SSL_get_error(handle, result))
        {
            case Libssl.ErrorWantRead: return SslStep.NeedsInput;
            case Libssl.ErrorZeroReturn: return SslStep.Closed;
            default:
                Error = OpenSslErrors.Take(handle);
                return SslStep.Failed;
        }
    }
}
