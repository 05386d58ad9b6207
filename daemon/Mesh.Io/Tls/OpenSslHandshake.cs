using System.Buffers;
using System.Formats.Asn1;
using Mesh.Io.Tls.Native;

namespace Mesh.Io.Tls;

/// <summary>Drives one handshake over a transport. Afterwards the connection owns transport and session; on failure both are disposed,
/// after the alert that tells the peer why has been sent.</summary>
internal sealed class OpenSslHandshake
{
    private readonly Connection transport;
    private readonly SslSession session;
    private readonly TicketKeeper? tickets;
    private bool timedOut;

    private OpenSslHandshake(Connection transport, SslSession session, TicketKeeper? tickets) =>
        (this.transport, this.session, this.tickets) = (transport, session, tickets);

    /// <param name="tickets">Client: where tickets of this session go; null: nowhere.</param>
    internal static async ValueTask<SecureConnection> RunAsync(
        Connection transport, SslSession session, IReadOnlyList<string> alpn, TimeSpan timeout, TicketKeeper? tickets = null)
    {
        var handshake = new OpenSslHandshake(transport, session, tickets);
        var deadline = new LoopTimer(transport.Loop.Timers, static state => ((OpenSslHandshake)state!).Expire(), handshake);
        deadline.Arm(timeout);
        try
        {
            await handshake.ExchangeAsync();
            return handshake.Finish(alpn);
        }
        catch (Exception error)
        {
            await handshake.CloseAsync();
            if (handshake.timedOut) throw TlsFailure.Handshake(transport.RemoteAddress, $"not done within {timeout.TotalSeconds:0.###} s; check that the peer speaks TLS here and is not overloaded");
            if (error is ConnectionBrokenException { Kind: not BreakKind.Tls } broken)
                throw TlsFailure.Handshake(transport.RemoteAddress, broken.Message, broken.Errno);
            throw;
        }
        finally
        {
            deadline.Cancel();
        }
    }

    private void Expire()
    {
        timedOut = true;
        transport.Abort();
    }

    private async ValueTask ExchangeAsync()
    {
        var step = session.Handshake([], out _);
        while (true)
        {
            if (session.WaitingOutput > 0)
            {
                session.DrainTo(transport.Output);
                await transport.Output.FlushAsync();
            }
            if (step == SslStep.Done) return;
            if (step != SslStep.NeedsInput) throw TlsFailure.Handshake(transport.RemoteAddress, session.Error);
            var read = await transport.Input.ReadAsync();
            if (read.Buffer.IsEmpty && read.IsCompleted)
                throw TlsFailure.Handshake(transport.RemoteAddress, "the peer closed the connection in the middle; its log says why");
            step = Feed(read.Buffer);
        }
    }

    private SslStep Feed(ReadOnlySequence<byte> buffer)
    {
        long consumed = 0;
        var step = SslStep.NeedsInput;
        foreach (var segment in buffer)
        {
            step = session.Handshake(segment.Span, out int taken);
            consumed += taken;
            if (step != SslStep.NeedsInput) break;
        }
        transport.Input.AdvanceTo(buffer.GetPosition(consumed));
        return step;
    }

    private OpenSslConnection Finish(IReadOnlyList<string> alpn)
    {
        string? selected = session.SelectedAlpn();
        if (selected is null && alpn.Count > 0)
            throw TlsFailure.Handshake(transport.RemoteAddress, $"the peer chose none of the protocols (ALPN) {string.Join(", ", alpn)}");
        var peer = ReadPeer();
        // OpenSSL checks no certificate in a resumed handshake; both sides remember an end themselves, and this is the last word.
        if (session.IsResumed && peer.NotAfter <= transport.Loop.Time.GetUtcNow())
            throw TlsFailure.Handshake(transport.RemoteAddress, "the peer's certificate has expired since the session that it resumes");
        return new OpenSslConnection(transport, session, selected ?? "", peer, tickets);
    }

    private CertificateFields ReadPeer()
    {
        try
        {
            return session.PeerCertificate() is { } der ? CertificateFields.Parse(der) : default;
        }
        catch (AsnContentException error)
        {
            throw TlsFailure.Handshake(transport.RemoteAddress, $"the peer's certificate is malformed: {error.Message}");
        }
    }

    private async ValueTask CloseAsync()
    {
        try
        {
            await transport.Output.CompleteAsync();
            transport.Input.Complete();
        }
        catch (ConnectionBrokenException)
        {
            // The peer is gone already; the reason that matters is being thrown.
        }
        await transport.DisposeAsync();
        session.Dispose();
    }
}
