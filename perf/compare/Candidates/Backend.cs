using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>nginx that answers one KiB from an open file, the cheapest honest backend. On the load's core.</summary>
internal static class Backend
{
    public const int Port = 8080;

    public static async Task<Background> StartAsync(string folder, Func<string, IReadOnlyList<string>, Background> start)
    {
        Directory.CreateDirectory(Path.Combine(folder, "www"));
        await File.WriteAllTextAsync(Path.Combine(folder, "www", "1k"), new string('m', 1024));
        string config = Path.Combine(folder, "backend.conf");
        await File.WriteAllTextAsync(config, $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid {{folder}}/backend.pid;
            error_log {{folder}}/backend-error.log;
            events { worker_connections 4096; }
            http {
              access_log off;
              sendfile on;
              tcp_nopush on;
              open_file_cache max=16;
              keepalive_requests 100000000;
              client_body_temp_path {{folder}}/backend-body;
              proxy_temp_path {{folder}}/backend-proxy;
              fastcgi_temp_path {{folder}}/backend-fastcgi;
              uwsgi_temp_path {{folder}}/backend-uwsgi;
              scgi_temp_path {{folder}}/backend-scgi;
              server { listen {{Port}} backlog=4096; root {{folder}}/www; }
            }
            """);
        return start("backend", [.. Cores.Load, "nginx", "-p", folder, "-c", config]);
    }
}
