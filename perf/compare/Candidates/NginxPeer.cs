using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>nginx as its experts configure it for this: one worker, connections kept on both sides, no access log.</summary>
internal static class NginxPeer
{
    /// <summary>Plain in, plain out.</summary>
    public static Task<Background> ProxyAsync(Machine machine, string name, int port, string backend) =>
        StartAsync(machine, name, $$"""
            upstream backend { server {{backend}}; keepalive 128; keepalive_requests 100000000; }
            server { listen {{port}} backlog=4096; location / { proxy_pass http://backend; {{KeptAlive}} } }
            """);

    /// <summary>Plain in, mutual TLS out.</summary>
    public static Task<Background> ClientSideAsync(Machine machine, string name, int port, string peer, PeerCertificates certificates) =>
        StartAsync(machine, name, $$"""
            upstream peer { server {{peer}}; keepalive 128; keepalive_requests 100000000; }
            server {
              listen {{port}} backlog=4096;
              location / {
                proxy_pass https://peer; {{KeptAlive}}
                proxy_ssl_certificate {{certificates.Client}};
                proxy_ssl_certificate_key {{certificates.Client}};
                proxy_ssl_trusted_certificate {{certificates.Authority}};
                proxy_ssl_verify on;
                proxy_ssl_name {{PeerCertificates.ServerName}};
                proxy_ssl_protocols TLSv1.3;
                proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
              }
            }
            """);

    /// <summary>Mutual TLS in, plain out.</summary>
    public static Task<Background> ServerSideAsync(Machine machine, string name, int port, string backend, PeerCertificates certificates) =>
        StartAsync(machine, name, $$"""
            upstream backend { server {{backend}}; keepalive 128; keepalive_requests 100000000; }
            server {
              listen {{port}} ssl backlog=4096;
              ssl_certificate {{certificates.Server}};
              ssl_certificate_key {{certificates.Server}};
              ssl_client_certificate {{certificates.Authority}};
              ssl_verify_client on;
              ssl_protocols TLSv1.3;
              ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
              location / { proxy_pass http://backend; {{KeptAlive}} }
            }
            """);

    private const string KeptAlive = "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering on;";

    private static async Task<Background> StartAsync(Machine machine, string name, string servers)
    {
        string folder = Path.Combine(machine.Folder, name);
        Directory.CreateDirectory(folder);
        string config = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(config, $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log;
            events { worker_connections 8192; multi_accept on; }
            http {
              access_log off;
              tcp_nodelay on;
              keepalive_requests 100000000;
              client_body_temp_path {{folder}}/body;
              proxy_temp_path {{folder}}/proxy;
              fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi;
              scgi_temp_path {{folder}}/scgi;
            {{servers}}
            }
            """);
        return machine.Start(name, [.. Cores.Candidate, "nginx", "-p", folder, "-c", config]);
    }
}
