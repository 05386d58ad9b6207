using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Mesh.Kit.Machines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>A request as somebody understood it.</summary>
/// <param name="Bytes">Of its body; null where that is not known.</param>
internal sealed record UnderstoodRequest(string Method, string Target, string Host, long? Bytes)
{
    public override string ToString() => $"{Method} {Target} for {Host}, body {Bytes?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}";
}

/// <summary>A server that tells which requests it has carried out. It speaks HTTP/1.1 on one port and HTTP/2 on the other.</summary>
internal sealed partial record Origin(Func<IReadOnlyList<UnderstoodRequest>> Requests, Func<ValueTask> StopAsync)
{
    public const int Http1Port = 9001, Http2Port = 9002;

    public static async Task<Origin> NginxAsync(Edge edge)
    {
        string log = Path.Combine(edge.Folder, "nginx-access.log");
        await edge.StartNginxAsync($$"""
            log_format seen escape=none 'seen $request_method $request_uri $http_host -';
            server { listen 127.0.0.1:{{Http1Port}}; listen 127.0.0.1:{{Http2Port}} http2; access_log {{log}} seen; location / { return 200 "ok"; } }
            """);
        return await OfLogAsync(edge, log);
    }

    public static async Task<Origin> HaproxyAsync(Edge edge)
    {
        const string listening = """
              option http-buffer-request
              http-request set-var(txn.target) url
              http-request set-var(txn.target) pathq unless { url * }
              http-request set-var(txn.target) str(*) if METH_OPTIONS !{ path -m found }
              http-request set-var(txn.host) req.hdr(host)
              http-request set-var(txn.bytes) req.body_len
              http-request return status 200 content-type text/plain string ok
              log stdout format raw local0
              log-format "seen %[capture.req.method] %[var(txn.target)] %[var(txn.host)] %[var(txn.bytes)]"

            """;
        await edge.StartHaproxyAsync($"""
              mode http
            frontend one
              bind 127.0.0.1:{Http1Port}
            {listening}
            frontend two
              bind 127.0.0.1:{Http2Port} proto h2
            {listening}
            """);
        return await OfLogAsync(edge, Path.Combine(edge.Folder, "haproxy.log"));
    }

    public static async Task<Origin> KestrelAsync(Edge edge)
    {
        var seen = new ConcurrentQueue<UnderstoodRequest>();
        var (one, two) = (edge.Space.Bind(Http1Port), edge.Space.Bind(Http2Port));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(options =>
        {
            options.ListenHandle((ulong)one.Handle, static listen => listen.Protocols = HttpProtocols.Http1);
            options.ListenHandle((ulong)two.Handle, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        var application = builder.Build();
        application.Run(async context =>
        {
            long? bytes = await BodyLengthAsync(context.Request);
            seen.Enqueue(new(context.Request.Method, context.Features.Get<IHttpRequestFeature>()!.RawTarget, context.Request.Headers.Host.ToString(), bytes));
            await context.Response.WriteAsync("ok");
        });
        await application.StartAsync();
        return new(() => [.. seen], async () =>
        {
            await application.DisposeAsync();
            one.Dispose();
            two.Dispose();
        });
    }

    private static async Task<long?> BodyLengthAsync(HttpRequest request)
    {
        try
        {
            long bytes = 0;
            var buffer = new byte[4096];
            while (await request.Body.ReadAsync(buffer) is > 0 and int count) bytes += count;
            return bytes;
        }
        catch (Exception error) when (error is IOException or Microsoft.AspNetCore.Http.BadHttpRequestException or OperationCanceledException)
        {
            return null; // broken off before its end
        }
    }

    private static async Task<Origin> OfLogAsync(Edge edge, string log)
    {
        await edge.ListensAsync(Http1Port, Http2Port);
        return new(() => [.. ReadLines(log).Select(static line => Line().Match(line)).Where(static line => line.Success).Select(static line => new UnderstoodRequest(
            line.Groups[1].Value, line.Groups[2].Value, line.Groups[3].Value, long.TryParse(line.Groups[4].Value, CultureInfo.InvariantCulture, out long bytes) ? bytes : null))], static () => default);
    }

    private static string[] ReadLines(string log) => File.Exists(log) ? File.ReadAllLines(log) : [];

    // Without method: what was no request to the server.
    [GeneratedRegex("^seen ([^ -]+) ([^ ]+) ([^ ]+) ([^ ]+)$")]
    private static partial Regex Line();
}
