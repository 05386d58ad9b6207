using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Mesh.Http.Resp;
using Mesh.Io;
using Mesh.Kit.Machines;
using Mesh.Kit.Proxy;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>Every item of the corpus through a gateway to nginx, HAProxy and Kestrel, each followed by an ordinary request on the same connection. No server may
/// carry out a request that the gateway does not know of: same method, same target, as often or less; and no body may have another length.</summary>
public sealed partial class SmugglingTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    [Fact]
    public Task Nginx_carries_out_what_the_gateway_knows() => CheckAsync(NginxAsync);

    [Fact]
    public Task Haproxy_carries_out_what_the_gateway_knows() => CheckAsync(HaproxyAsync);

    [Fact]
    public Task Kestrel_carries_out_what_the_gateway_knows() => CheckAsync(KestrelAsync);

    /// <param name="Requests">"GET /x 5": method, target and, where the server tells, the length of the body.</param>
    private sealed record Origin(int Port, Func<IReadOnlyList<string>> Requests, Func<ValueTask> StopAsync);

    private static async Task CheckAsync(Func<string, Task<Origin>> start)
    {
        var folder = Directory.CreateTempSubdirectory("mesh-smuggling-");
        var origin = await start(folder.FullName);
        try
        {
            await CheckAsync(origin);
        }
        finally
        {
            await origin.StopAsync();
            folder.Delete(recursive: true);
        }
    }

    private static async Task CheckAsync(Origin origin)
    {
        var known = new KnownRequests();
        await using var gateway = new TestGateway(reporter: known);
        gateway.Route("/", new IpPort(Ip.LoopbackV4, (ushort)origin.Port)).Start();
        for (int id = 0; id < SmugglingCorpus.Items.Count; id++)
        {
            string text = SmugglingCorpus.Items[id].Replace("{id}", $"{id}", StringComparison.Ordinal);
            await SendAsync(gateway, text + $"GET /after-{id} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        }
        await SendAsync(gateway, "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        await Until.TrueAsync("the last request is seen", Bound, () => origin.Requests().Any(static request => request.StartsWith("GET /last", StringComparison.Ordinal)));

        var recorded = known.All.GroupBy(static request => request.Key).ToDictionary(static group => group.Key, static group => group.ToList());
        var problems = new List<string>();
        foreach (var seen in origin.Requests().GroupBy(static request => string.Join(' ', request.Split(' ').Take(2))))
        {
            if (!recorded.TryGetValue(seen.Key, out var knownOnes)) problems.Add($"unknown to the gateway: {seen.Key}");
            else if (seen.Count() > knownOnes.Count) problems.Add($"{seen.Count()} times instead of {knownOnes.Count}: {seen.Key}");
            else if (seen.FirstOrDefault(request => HasOtherLength(request, knownOnes)) is { } other) problems.Add($"the gateway knows {knownOnes[0].Bytes} bytes of body: {other}");
        }
        Assert.Empty(problems);
        Assert.InRange(SmugglingCorpus.Items.Count, 250, 5000);
        // What is in order must have come through, the pipelined requests behind it too.
        Assert.All(Enumerable.Range(SmugglingCorpus.Items.Count - 6, 6), id => Assert.Contains(origin.Requests(), request => request.Contains($" /item-{id}", StringComparison.Ordinal)));
        Assert.All(Enumerable.Range(SmugglingCorpus.Items.Count - 6, 6), id => Assert.Contains(origin.Requests(), request => request.Contains($" /after-{id}", StringComparison.Ordinal)));
    }

    private static bool HasOtherLength(string request, List<KnownRequest> known) =>
        request.Split(' ') is [_, _, var bytes] && !known.Any(one => one.HasFailed || one.Bytes.ToString() == bytes);

    /// <summary>Until the gateway closes. A few tenths of a second where it still waits for more of an unfinished request.</summary>
    private static Task SendAsync(TestGateway gateway, string text) => gateway.RunAsync(async () =>
    {
        var client = await gateway.ConnectAsync();
        try
        {
            await client.SendAsync(text);
            await client.FinishAsync();
            await client.DrainAsync();
        }
        catch (ConnectionBrokenException)
        {
            // The gateway had enough.
        }
    });

    private static async Task<Origin> NginxAsync(string folder)
    {
        int port = Proxy.RedisProxy.FreePort();
        string config = Path.Combine(folder, "nginx.conf"), log = Path.Combine(folder, "access.log");
        await File.WriteAllTextAsync(config, $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            http {
              log_format seen "$request_method $request_uri";
              access_log {{log}} seen;
              client_body_temp_path {{folder}}/body;
              proxy_temp_path {{folder}}/proxy;
              fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi;
              scgi_temp_path {{folder}}/scgi;
              server { listen 127.0.0.1:{{port}}; location / { return 200 "ok"; } }
            }

            """);
        return await StartAsync(port, log, Background.Start("nginx", Path.Combine(folder, "nginx.out"), ["nginx", "-p", folder, "-c", config]));
    }

    private static async Task<Origin> HaproxyAsync(string folder)
    {
        int port = Proxy.RedisProxy.FreePort();
        string config = Path.Combine(folder, "haproxy.cfg"), log = Path.Combine(folder, "haproxy.out");
        await File.WriteAllTextAsync(config, $"""
            global
              log stdout format raw local0
            defaults
              mode http
              log global
              timeout client 10s
              timeout connect 5s
              timeout server 10s
              log-format "%HM %HU"
            frontend in
              bind 127.0.0.1:{port}
              http-request return status 200 content-type text/plain string ok

            """);
        return await StartAsync(port, log, Background.Start("haproxy", log, ["haproxy", "-db", "-f", config]));
    }

    private static async Task<Origin> StartAsync(int port, string log, Background program)
    {
        await Until.TrueAsync($"{program.Name} listens", Bound, async () => (await Shell.RunAsync($"curl -fsS http://127.0.0.1:{port}/ready")).Ok, () => program.LogTail());
        return new(port, () => [.. File.ReadAllLines(log).Where(static line => Request().IsMatch(line) && !line.EndsWith(" /ready", StringComparison.Ordinal))], program.DisposeAsync);
    }

    private static async Task<Origin> KestrelAsync(string folder)
    {
        var seen = new ConcurrentQueue<string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(static options => options.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.Run(async context =>
        {
            string target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            string length = "";
            try
            {
                long bytes = 0;
                var buffer = new byte[4096];
                while (await context.Request.Body.ReadAsync(buffer) is > 0 and int count) bytes += count;
                length = $" {bytes}";
            }
            catch (Exception error) when (error is IOException or BadHttpRequestException or OperationCanceledException)
            {
                // The gateway broke it off: its length was never known.
            }
            seen.Enqueue($"{context.Request.Method} {target}{length}");
            await context.Response.WriteAsync("ok");
        });
        await application.StartAsync();
        int port = new Uri(application.Urls.Single()).Port;
        return new(port, () => [.. seen], async () => await application.DisposeAsync());
    }

    [GeneratedRegex("^[A-Z]+ [^ ]+$")]
    private static partial Regex Request();

    private sealed record KnownRequest(string Key, long Bytes, bool HasFailed);

    /// <summary>What the gateway reports that it has carried, or begun to.</summary>
    private sealed class KnownRequests : ITrafficReporter
    {
        private readonly ConcurrentQueue<KnownRequest> all = new();

        public IReadOnlyCollection<KnownRequest> All => all;

        public void HttpFinished(int loop, in HttpOutcome outcome) =>
            all.Enqueue(new($"{outcome.Request.Method} {outcome.Request.Target}", outcome.RequestBytes, outcome.Failure is not null));

        public void Upgraded(int loop, TrafficParties parties)
        {
            // Only requests are compared.
        }

        public void Http2Failed(int loop, Http2Side side, Mesh.Http.Http2.ErrorCode code)
        {
            // Only requests are compared.
        }

        public void TcpOpened(int loop, TrafficParties parties)
        {
            // Only requests are compared.
        }

        public void TcpClosed(int loop, in TcpOutcome outcome)
        {
            // Only requests are compared.
        }

        public void RedisEnded(int loop, TrafficParties parties, RedisCommand command, RedisResult result, TimeSpan duration, int count)
        {
            // Only requests are compared.
        }

        public void RedisOpaque(int loop, TrafficParties parties, string reason)
        {
            // Only requests are compared.
        }

        public void RedisReplayed(int loop, TrafficParties parties, string reason, int count)
        {
            // As the above.
        }

        public void ProtocolDetected(int loop, ServicePortModel service, DetectionResult result)
        {
            // Only requests are compared.
        }

        public void ConnectionRefused(int loop, TelemetryModel telemetry, LocalWorkloadState? workload, IpPort client, IpPort destination, Failure failure)
        {
            // Only requests are compared.
        }
    }
}
