using System.Diagnostics;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Io.Epoll;
using Mesh.Kit.Http2;

namespace Mesh.Tests.Conformance.Http2;

/// <summary>Other people's HTTP/2 against ours, on real sockets over loopback: nghttp2's tools and curl.</summary>
public sealed class ForeignPeerTests : IDisposable
{
    private readonly List<Exception> unhandled = [];
    private readonly EpollLoop loop;
    private readonly Http2EchoServer server;

    public ForeignPeerTests()
    {
        loop = new EpollLoop("foreign", 0, TimeProvider.System, unhandled.Add);
        server = new Http2EchoServer(new EpollSocketFactory(), [loop], new IpPort(Ip.LoopbackV4, 0));
    }

    public void Dispose()
    {
        server.Dispose();
        loop.Dispose();
        Assert.Empty(unhandled);
    }

    [Fact]
    public async Task Curl_with_prior_knowledge_gets_bodies_of_every_size()
    {
        foreach (int size in new[] { 0, 1, 16_384, 65_536, 5_000_000 })
        {
            string output = await RunAsync("curl", $"-sS --http2-prior-knowledge -o /dev/null -w %{{http_version}}:%{{http_code}}:%{{size_download}} http://{server.Address}/bytes/{size}");
            Assert.Equal($"2:200:{size}", output);
        }
    }

    [Fact]
    public async Task Curl_uploads_and_reads_the_echo()
    {
        string file = Path.GetTempFileName();
        try
        {
            byte[] body = new byte[3_000_000];
            new Random(1).NextBytes(body);
            await File.WriteAllBytesAsync(file, body);
            await RunAsync("curl", $"-sS --http2-prior-knowledge -X POST --data-binary @{file} -o {file}.out http://{server.Address}/echo");
            Assert.Equal(body, await File.ReadAllBytesAsync(file + ".out"));
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".out");
        }
    }

    [Fact]
    public async Task Nghttp_multiplexes_and_pads_and_continues()
    {
        string header = string.Join(" ", Enumerable.Range(0, 20).Select(i => $"-H \"x-long-{i}: {new string('v', 1500)}\"")); // 30 KB: CONTINUATION
        string output = await RunAsync("nghttp", $"-n -s --padding=100 -m 20 {header} http://{server.Address}/bytes/100000");
        Assert.Contains("200", output);
        Assert.DoesNotContain("failed", output);
    }

    [Fact]
    public async Task H2load_finishes_every_request()
    {
        string output = await RunAsync("h2load", $"-n 20000 -c 10 -m 20 http://{server.Address}/");
        Assert.Contains("20000 succeeded, 0 failed, 0 errored, 0 timeout", output);
    }

    [Fact]
    public async Task H2load_with_small_windows_finishes_large_bodies()
    {
        string output = await RunAsync("h2load", $"-n 200 -c 4 -m 10 -w 14 -W 16 http://{server.Address}/bytes/300000");
        Assert.Contains("200 succeeded, 0 failed, 0 errored, 0 timeout", output);
    }

    private static async Task<string> RunAsync(string program, string arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var output = process.StandardOutput.ReadToEndAsync(bound.Token);
        var errors = process.StandardError.ReadToEndAsync(bound.Token);
        await process.WaitForExitAsync(bound.Token);
        Assert.True(process.ExitCode == 0, $"{program} {arguments} ended with {process.ExitCode}: {await errors}{await output}");
        return await output;
    }
}
