using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>HAProxy as its experts configure it for this: one thread, server connections reused by any client, no log.</summary>
internal static class HaproxyPeer
{
    private const string Tls = "ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256";

    /// <summary>Plain in, plain out.</summary>
    public static Task<Background> ProxyAsync(Machine machine, string name, int port, string backend) =>
        StartAsync(machine, name, $"bind :{port}", backend);

    /// <summary>Plain in, mutual TLS out.</summary>
    public static Task<Background> ClientSideAsync(Machine machine, string name, int port, string peer, PeerCertificates certificates) =>
        StartAsync(machine, name, $"bind :{port}",
            $"{peer} ssl crt {certificates.Client} ca-file {certificates.Authority} verify required verifyhost {PeerCertificates.ServerName} {Tls}");

    /// <summary>Mutual TLS in, plain out.</summary>
    public static Task<Background> ServerSideAsync(Machine machine, string name, int port, string backend, PeerCertificates certificates) =>
        StartAsync(machine, name, $"bind :{port} ssl crt {certificates.Server} ca-file {certificates.Authority} verify required {Tls}", backend);

    private static async Task<Background> StartAsync(Machine machine, string name, string bind, string server)
    {
        string folder = Path.Combine(machine.Folder, name);
        Directory.CreateDirectory(folder);
        string config = Path.Combine(folder, "haproxy.cfg");
        await File.WriteAllTextAsync(config, $"""
            global
              nbthread 1
              maxconn 8192
            defaults
              mode http
              timeout connect 5s
              timeout client 60s
              timeout server 60s
              option http-keep-alive
              http-reuse always
            frontend in
              {bind}
              default_backend out
            backend out
              server s1 {server} pool-max-conn 128

            """);
        return machine.Start(name, [.. Cores.Candidate, "haproxy", "-db", "-f", config]);
    }
}
