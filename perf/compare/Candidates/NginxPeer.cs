using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>nginx as its experts configure it for this: one worker, connections kept on both sides, TLS sessions resumed, no access log.</summary>
internal static class NginxPeer
{
    private const string KeptAlive = "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering on;";

    // Bulk: fewer and larger reads and writes than with the default of 16 KiB.
    private const string StreamBuffer = "proxy_buffer_size 64k;";

    /// <summary>HTTP, plain in, plain out.</summary>
    public static Task<Background> ProxyAsync(Machine machine, string name, int port, string backend) => StartAsync(machine, name, $$"""
        {{Upstream(backend)}}
        server { listen {{port}} backlog=4096; location / { proxy_pass http://upstreams; {{KeptAlive}} } }
        """);

    /// <summary>HTTP/2 without TLS in; HTTP/1.1 out, or HTTP/2 for gRPC.</summary>
    public static Task<Background> Http2Async(Machine machine, string name, int port, string backend, bool grpc) => StartAsync(machine, name, $$"""
        {{Upstream(backend)}}
        server {
          listen {{port}} http2 backlog=4096;
          http2_max_concurrent_streams 256;
          location / { {{(grpc ? "grpc_pass grpc://upstreams;" : $"proxy_pass http://upstreams; {KeptAlive}")}} }
        }
        """);

    /// <summary>HTTP, plain in, mutual TLS out.</summary>
    public static Task<Background> ClientSideAsync(Machine machine, string name, int port, string peer, PeerCertificates certificates) =>
        StartAsync(machine, name, $$"""
            {{Upstream(peer)}}
            server {
              listen {{port}} backlog=4096;
              location / { proxy_pass https://upstreams; {{KeptAlive}} {{TlsOut(certificates)}} }
            }
            """);

    /// <summary>HTTP, mutual TLS in, plain out.</summary>
    public static Task<Background> ServerSideAsync(Machine machine, string name, int port, string backend, PeerCertificates certificates) =>
        StartAsync(machine, name, $$"""
            {{Upstream(backend)}}
            server { listen {{port}} ssl backlog=4096; {{TlsIn(certificates)}} location / { proxy_pass http://upstreams; {{KeptAlive}} } }
            """);

    /// <summary>Opaque TCP, plain in, plain out.</summary>
    public static Task<Background> StreamAsync(Machine machine, string name, int port, string backend) =>
        StartAsync(machine, name, $"server {{ listen {port} backlog=4096; proxy_pass {backend}; {StreamBuffer} }}", stream: true);

    /// <summary>Opaque TCP, plain in, mutual TLS out.</summary>
    public static Task<Background> StreamClientSideAsync(Machine machine, string name, int port, string peer, PeerCertificates certificates) => StartAsync(
        machine, name, $"server {{ listen {port} backlog=4096; proxy_pass {peer}; {StreamBuffer} proxy_ssl on; {TlsOut(certificates)} }}", stream: true);

    /// <summary>Opaque TCP, mutual TLS in, plain out.</summary>
    public static Task<Background> StreamServerSideAsync(Machine machine, string name, int port, string backend, PeerCertificates certificates) => StartAsync(
        machine, name, $"server {{ listen {port} ssl backlog=4096; proxy_pass {backend}; {StreamBuffer} {TlsIn(certificates)} }}", stream: true);

    private static string Upstream(string server) =>
        $$"""upstream upstreams { server {{server}}; keepalive 128; keepalive_requests 100000000; keepalive_timeout 600s; }""";

    private static string TlsOut(PeerCertificates certificates) => $$"""
        proxy_ssl_certificate {{certificates.Client}};
        proxy_ssl_certificate_key {{certificates.Client}};
        proxy_ssl_trusted_certificate {{certificates.Authority}};
        proxy_ssl_verify on;
        proxy_ssl_name {{PeerCertificates.ServerName}};
        proxy_ssl_session_reuse on;
        proxy_ssl_protocols TLSv1.3;
        proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        proxy_ssl_conf_command Curves X25519;
        """;

    private static string TlsIn(PeerCertificates certificates) => $$"""
        ssl_certificate {{certificates.Server}};
        ssl_certificate_key {{certificates.Server}};
        ssl_client_certificate {{certificates.Authority}};
        ssl_verify_client on;
        ssl_session_cache shared:tls:10m;
        ssl_session_tickets on;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        ssl_ecdh_curve X25519;
        """;

    private static async Task<Background> StartAsync(Machine machine, string name, string servers, bool stream = false)
    {
        string folder = Path.Combine(machine.Folder, name);
        Directory.CreateDirectory(folder);
        string config = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(config, $$"""
            {{(stream ? "load_module /usr/lib/nginx/modules/ngx_stream_module.so;" : "")}}
            daemon off;
            user root;
            worker_processes 1;
            worker_rlimit_nofile 20000;
            pid {{folder}}/nginx.pid;
            error_log stderr;
            events { worker_connections 16384; multi_accept on; }
            {{(stream ? $"stream {{\n{servers}\n}}" : Http(folder, servers))}}

            """);
        return machine.Start(name, [.. Cores.Candidate, "nginx", "-p", folder, "-c", config]);
    }

    private static string Http(string folder, string servers) => $$"""
        http {
          access_log off;
          sendfile on;
          tcp_nodelay on;
          keepalive_requests 100000000;
          keepalive_timeout 600s;
          client_body_temp_path {{folder}}/body;
          proxy_temp_path {{folder}}/proxy;
          fastcgi_temp_path {{folder}}/fastcgi;
          uwsgi_temp_path {{folder}}/uwsgi;
          scgi_temp_path {{folder}}/scgi;
        {{servers}}
        }
        """;
}
