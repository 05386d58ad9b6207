using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>HAProxy as its experts configure it for this: one thread, server connections reused by any client, TLS sessions resumed, splice for
/// opaque TCP, no log.</summary>
internal static class HaproxyPeer
{
    private const string Tls = "ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256";

    /// <summary>Plain in, plain out.</summary>
    /// <param name="splice">For bulk; small messages cost more with it.</param>
    public static Task<Background> ProxyAsync(Machine machine, string name, int port, string backend, bool tcp = false, bool splice = true) =>
        StartAsync(machine, name, $"bind :{port} backlog 4096", backend, tcp, splice);

    /// <summary>HTTP/2 without TLS in; HTTP/1.1 out, or HTTP/2 for gRPC.</summary>
    public static Task<Background> Http2Async(Machine machine, string name, int port, string backend, bool grpc) =>
        StartAsync(machine, name, $"bind :{port} backlog 4096 proto h2", grpc ? $"{backend} proto h2" : backend, tcp: false);

    /// <summary>Plain in, mutual TLS out.</summary>
    public static Task<Background> ClientSideAsync(Machine machine, string name, int port, string peer, PeerCertificates certificates, bool tcp = false) =>
        StartAsync(machine, name, $"bind :{port} backlog 4096", $"{peer} {TlsOut(certificates)}", tcp);

    /// <summary>Mutual TLS in, plain out.</summary>
    public static Task<Background> ServerSideAsync(Machine machine, string name, int port, string backend, PeerCertificates certificates, bool tcp = false) =>
        StartAsync(machine, name, $"bind :{port} backlog 4096 {TlsIn(certificates)}", backend, tcp);

    // SNI as nginx and the mesh send it; HAProxy keeps a session for resumption per name.
    private static string TlsOut(PeerCertificates certificates) =>
        $"ssl crt {certificates.Client} ca-file {certificates.Authority} verify required verifyhost {PeerCertificates.ServerName} sni str({PeerCertificates.ServerName}) {Tls}";

    private static string TlsIn(PeerCertificates certificates) =>
        $"ssl crt {certificates.Server} ca-file {certificates.Authority} verify required curves X25519 {Tls}";

    private static async Task<Background> StartAsync(Machine machine, string name, string bind, string server, bool tcp, bool splice = true)
    {
        string folder = Path.Combine(machine.Folder, name);
        Directory.CreateDirectory(folder);
        string config = Path.Combine(folder, "haproxy.cfg");
        await File.WriteAllTextAsync(config, $"""
            global
              nbthread 1
              maxconn 12000
              no strict-limits
            defaults
              timeout connect 5s
              timeout client 600s
              timeout server 600s
            {(tcp ? $"  mode tcp{(splice ? "\n  option splice-auto" : "")}" : "  mode http\n  option http-keep-alive\n  http-reuse always")}
            frontend in
              {bind}
              default_backend out
            backend out
              server s1 {server} {(tcp ? "" : "pool-max-conn 128")}

            """);
        return machine.Start(name, [.. Cores.Candidate, "haproxy", "-db", "-f", config]);
    }
}
