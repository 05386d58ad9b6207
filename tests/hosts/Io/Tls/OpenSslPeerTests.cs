using System.Buffers;
using System.IO.Pipelines;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Certificates;
using Mesh.Kit.Connections;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Io.Tls;

/// <summary>Our sessions against the openssl command in both roles.</summary>
public sealed class OpenSslPeerTests : IDisposable
{
    private const string OurUri = "spiffe://cluster.local/ns/shop/sa/catalog";
    private const string TheirUri = "spiffe://cluster.local/ns/shop/sa/web";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly TestAuthority authority = new();
    private readonly Loopback loopback = new();
    private readonly ConcurrentQueue<string> refusals = new();

    public void Dispose()
    {
        loopback.Dispose();
        authority.Dispose();
    }

    [Fact]
    public async Task Client_that_updates_its_keys_and_asks_for_ours_keeps_talking()
    {
        using var client = Client("-alpn", "h2", "-tls1_3");
        await client.WaitForOutputAsync("Verify return code: 0 (ok)");
        Assert.Contains("ALPN protocol: h2", client.Output, StringComparison.Ordinal);
        Assert.Contains("TLS_AES_128_GCM_SHA256", client.Output, StringComparison.Ordinal);
        for (int i = 0; i < 3; i++)
        {
            await client.TypeAsync($"before update {i}");
            await client.WaitForOutputAsync($"echo:before update {i}");
            await client.TypeAsync("K");
            await client.WaitForOutputAsync("KEYUPDATE", times: i + 1);
            await client.TypeAsync($"after update {i}");
            await client.WaitForOutputAsync($"echo:after update {i}");
        }
        await client.EndAsync();
        Assert.Empty(refusals);
    }

    [Fact]
    public async Task Client_with_tls_1_2_is_refused()
    {
        using var client = Client("-alpn", "h2", "-tls1_2");
        await client.WaitForOutputAsync("alert protocol version");
        await RefusedAsync("does not offer TLS 1.3");
    }

    [Fact]
    public async Task Client_without_a_suite_of_ours_is_refused()
    {
        using var client = Client("-alpn", "h2", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256");
        await client.WaitForOutputAsync("handshake failure");
        await RefusedAsync("neither AES-128-GCM nor AES-256-GCM");
    }

    [Fact]
    public async Task Client_without_certificate_is_refused()
    {
        using var client = new OpenSslTool(authority, null, "s_client", "-connect", Serve().ToString(), "-alpn", "h2");
        await client.WaitForOutputAsync("alert certificate required");
        await RefusedAsync("presented no certificate");
    }

    [Fact]
    public async Task Client_that_prefers_p256_and_aes256_is_served()
    {
        using var client = Client("-alpn", "h2", "-groups", "P-256", "-ciphersuites", "TLS_AES_256_GCM_SHA384");
        await client.TypeAsync("hello");
        await client.WaitForOutputAsync("echo:hello");
        Assert.Contains("TLS_AES_256_GCM_SHA384", client.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_client_talks_to_a_foreign_server_by_name()
    {
        var certificate = authority.Issue(names: ["127.0.0.1"]);
        using var server = new OpenSslTool(authority, certificate, "s_server", "-accept", "127.0.0.1:0", "-Verify", "1", "-alpn", "h2", "-rev");
        await server.WaitForOutputAsync("ACCEPT 127.0.0.1:");
        int port = int.Parse(server.Output.Split("ACCEPT 127.0.0.1:")[1].Split('\n')[0], CultureInfo.InvariantCulture);
        var ours = authority.Issue(OurUri);
        using var context = OpenSslContext.ForServerName("127.0.0.1", [authority.RootDer], [ours.Der], ours.Pkcs8);
        await loopback.RunAsync(async () =>
        {
            var transport = await loopback.ConnectAsync(new IpPort(Ip.LoopbackV4, (ushort)port));
            await using var connection = await context.ConnectAsync(transport, ["h2"], Timeout);
            await connection.Output.WriteAsync("abc\n"u8.ToArray());
            var answer = await connection.Input.ReadAtLeastAsync(4);
            Assert.Equal("cba\n", Encoding.ASCII.GetString(answer.Buffer));
            connection.Input.AdvanceTo(answer.Buffer.End);
            await connection.Output.CompleteAsync();
        });
    }

    private OpenSslTool Client(params string[] arguments) =>
        new(authority, authority.Issue(TheirUri), ["s_client", "-connect", Serve().ToString(), .. arguments]);

    /// <summary>The client may have heard of it before the server has written it down.</summary>
    private async Task RefusedAsync(string reason)
    {
        await Until.TrueAsync("a refusal", Timeout, () => !refusals.IsEmpty);
        Assert.Contains(reason, Assert.Single(refusals), StringComparison.Ordinal);
    }

    private IpPort Serve()
    {
        var context = authority.Context(OurUri);
        return loopback.Listen(async transport =>
        {
            try
            {
                await using var connection = await context.AcceptAsync(transport, ["h2"], Timeout);
                await EchoAsync(connection);
            }
            catch (ConnectionBrokenException error)
            {
                refusals.Enqueue(error.Message);
            }
        });
    }

    private static async Task EchoAsync(Connection connection)
    {
        while (true)
        {
            var result = await connection.Input.ReadAsync();
            if (!result.Buffer.IsEmpty) connection.Output.Write("echo:"u8);
            foreach (var segment in result.Buffer) connection.Output.Write(segment.Span);
            connection.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) break;
            await connection.Output.FlushAsync();
        }
        await connection.Output.CompleteAsync();
    }
}
