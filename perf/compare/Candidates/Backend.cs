using System.Security.Cryptography;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>nginx that answers from open files, the cheapest honest backend. On the load's core.</summary>
/// <param name="Folder">Where the files are that responses are compared with.</param>
internal sealed record Backend(string Folder)
{
    public const int Port = 8080;

    /// <summary>A gRPC server, HTTP/2 without TLS: one method, which answers every call with the same message and status 0 in the trailers. The file of
    /// that message has the method's name.</summary>
    public const int GrpcPort = 8081;
    public const string Method = "bench.Echo/Unary";
    private const int MessageBytes = 100;

    public const string OneKiB = "1k", QuarterMiB = "256k", Bulk = "64m";
    public const int BulkBytes = 64 << 20;

    /// <summary>The file whose bytes a response must have.</summary>
    public string File(string name) => Path.Combine(Folder, "www", name);

    /// <param name="start">Starts a program where the backend shall be.</param>
    public static async Task<Backend> StartAsync(string folder, Func<string, IReadOnlyList<string>, Background> start)
    {
        var backend = new Backend(folder);
        Directory.CreateDirectory(Path.Combine(folder, "www"));
        foreach (var (name, bytes) in new[] { (OneKiB, 1024), (QuarterMiB, 256 * 1024), (Bulk, BulkBytes) })
            await System.IO.File.WriteAllBytesAsync(backend.File(name), RandomNumberGenerator.GetBytes(bytes));
        Directory.CreateDirectory(Path.GetDirectoryName(backend.File(Method))!);
        await System.IO.File.WriteAllBytesAsync(backend.File(Method), [0, 0, 0, 0, MessageBytes, .. RandomNumberGenerator.GetBytes(MessageBytes)]);
        await backend.ServeAsync(folder, start);
        return backend;
    }

    /// <summary>Another server of the same files, elsewhere.</summary>
    /// <param name="folder">For its own configuration and logs.</param>
    /// <param name="start">Starts a program where it shall be.</param>
    public async Task ServeAsync(string folder, Func<string, IReadOnlyList<string>, Background> start)
    {
        string config = Path.Combine(folder, "backend.conf");
        await System.IO.File.WriteAllTextAsync(config, Configuration(folder));
        start("backend", [.. Cores.Load, "nginx", "-p", folder, "-c", config]);
    }

    private string Configuration(string folder) => $$"""
        daemon off;
        user root;
        worker_processes 1;
        pid {{folder}}/backend.pid;
        error_log {{folder}}/backend-error.log;
        worker_rlimit_nofile 20000;
        events { worker_connections 16384; multi_accept on; }
        http {
          access_log off;
          sendfile on;
          tcp_nopush on;
          tcp_nodelay on;
          open_file_cache max=16;
          keepalive_requests 100000000;
          keepalive_timeout 600s;
          client_body_temp_path {{folder}}/backend-body;
          proxy_temp_path {{folder}}/backend-proxy;
          fastcgi_temp_path {{folder}}/backend-fastcgi;
          uwsgi_temp_path {{folder}}/backend-uwsgi;
          scgi_temp_path {{folder}}/backend-scgi;
          server { listen {{Port}} backlog=4096; root {{Folder}}/www; }
          server {
            listen {{GrpcPort}} http2 backlog=4096;
            http2_max_concurrent_streams 256;
            root {{Folder}}/www;
            default_type application/grpc;
            add_trailer grpc-status 0;
            error_page 405 =200 $uri;
          }
        }
        """;
}
