using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Mesh.Io;
using Mesh.Io.Tls;

namespace Mesh.Kit.Simulation;

/// <summary>Stands in for TLS where time is virtual: both sides say who they are and who signed that, check it, and scramble what follows,
/// so that an inspector of the wire finds no plaintext. Protects nothing.</summary>
/// <param name="uri">Our identity; null: none, as a machine before it has joined.</param>
/// <param name="issuer">Who signed it: see <see cref="RootId"/>.</param>
/// <param name="trusted">Whose signatures we accept.</param>
public sealed class SimulatedTls(TimeProvider time, string? uri, string issuer, IReadOnlyCollection<string> trusted, DateTimeOffset notAfter, bool allowAnonymous = false)
    : TlsContext
{
    private const int MaxHelloBytes = 4096;

    public override DateTimeOffset NotAfter => notAfter;

    public static string RootId(byte[] root) => Convert.ToHexStringLower(SHA256.HashData(root));

    public override ValueTask<SecureConnection> AcceptAsync(Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout) =>
        HandshakeAsync(transport, alpn, timeout, isServer: true);

    public override ValueTask<SecureConnection> ConnectAsync(
        Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout, TlsResumption? resumption = null) =>
        HandshakeAsync(transport, alpn, timeout, isServer: false);

    public override void Dispose()
    {
    }

    private async ValueTask<SecureConnection> HandshakeAsync(Connection transport, IReadOnlyList<string> alpn, TimeSpan timeout, bool isServer)
    {
        var timer = new LoopTimer(transport.Loop.Timers, static state => ((Connection)state!).Abort(), transport);
        timer.Arm(timeout);
        try
        {
            await SendHelloAsync(transport.Output, alpn);
            var (peerUri, peerIssuer, peerAlpn) = await ReadHelloAsync(transport.Input);
            string common = (isServer ? alpn : peerAlpn).Intersect(isServer ? peerAlpn : alpn).FirstOrDefault()
                ?? throw new ConnectionBrokenException(BreakKind.Tls, "no application protocol in common");
            Check(peerUri, peerIssuer);
            return new SimulatedSecureConnection(transport, peerUri, common, DateTimeOffset.MaxValue);
        }
        catch (ConnectionBrokenException broken)
        {
            await transport.DisposeAsync();
            throw new ConnectionBrokenException(BreakKind.Tls, $"handshake with {transport.RemoteAddress} failed: {broken.Message}");
        }
        finally
        {
            timer.Cancel();
        }
    }

    private void Check(string? peerUri, string peerIssuer)
    {
        if (peerUri is null)
        {
            if (!allowAnonymous) throw new ConnectionBrokenException(BreakKind.Tls, "the peer has no certificate");
            return;
        }
        if (!trusted.Contains(peerIssuer)) throw new ConnectionBrokenException(BreakKind.Tls, $"the certificate of {peerUri} is signed by an unknown authority");
        if (time.GetUtcNow() >= notAfter) throw new ConnectionBrokenException(BreakKind.Tls, "our certificate has expired");
    }

    private async Task SendHelloAsync(PipeWriter output, IReadOnlyList<string> alpn)
    {
        byte[] hello = Encoding.UTF8.GetBytes($"{uri}\n{issuer}\n{string.Join(',', alpn)}");
        byte[] framed = new byte[2 + hello.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)hello.Length);
        hello.CopyTo(framed, 2);
        await output.WriteAsync(framed);
    }

    private static async Task<(string? Uri, string Issuer, string[] Alpn)> ReadHelloAsync(PipeReader input)
    {
        while (true)
        {
            var result = await input.ReadAsync();
            if (TryParse(result.Buffer, out var hello, out var consumed))
            {
                input.AdvanceTo(consumed);
                string[] fields = hello.Split('\n');
                if (fields.Length != 3) throw new ConnectionBrokenException(BreakKind.Tls, "not a hello");
                return (fields[0].Length > 0 ? fields[0] : null, fields[1], fields[2].Split(','));
            }
            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted) throw new ConnectionBrokenException(BreakKind.Tls, "the peer closed during the handshake");
        }
    }

    private static bool TryParse(in ReadOnlySequence<byte> buffer, out string hello, out SequencePosition consumed)
    {
        (hello, consumed) = ("", buffer.Start);
        if (buffer.Length < 2) return false;
        byte[] size = buffer.Slice(0, 2).ToArray();
        int length = BinaryPrimitives.ReadUInt16BigEndian(size);
        if (length > MaxHelloBytes) throw new ConnectionBrokenException(BreakKind.Tls, "not a hello: plaintext on a TLS port?");
        if (buffer.Length < 2 + length) return false;
        hello = Encoding.UTF8.GetString(buffer.Slice(2, length));
        consumed = buffer.GetPosition(2 + length);
        return true;
    }
}
