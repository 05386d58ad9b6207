using System.Net;
using System.Net.Security;

namespace Mesh.Controller.Identity;

/// <summary>The certificate of a listener, renewed at half of its life when a handshake asks for it. Thread-safe. Old certificates are
/// left to the garbage collector, for handshakes that run may use them.</summary>
internal sealed class ServerCertificateSource(
    CertificateAuthority authority, IReadOnlyCollection<string> dnsNames, IReadOnlyCollection<IPAddress> addresses, TimeProvider time)
{
    private sealed record Issued(SslStreamCertificateContext Context, DateTimeOffset RenewAt);

    private readonly Lock gate = new();
    private Issued? issued;

    public SslStreamCertificateContext Current
    {
        get
        {
            var now = time.GetUtcNow();
            if (Volatile.Read(ref issued) is { } known && now < known.RenewAt) return known.Context;
            lock (gate)
            {
                if (issued is null || now >= issued.RenewAt) Volatile.Write(ref issued, Issue(now));
                return issued!.Context;
            }
        }
    }

    private Issued Issue(DateTimeOffset now)
    {
        var server = authority.IssueServer(dnsNames, addresses);
        return new(SslStreamCertificateContext.Create(server.Certificate, server.Chain, offline: true), now + (server.NotAfter - now) / 2);
    }
}
