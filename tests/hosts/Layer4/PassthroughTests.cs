using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Layer4;

/// <summary>TLS passed through by server name, judged by openssl, curl and nginx: whose certificate is seen tells which backend it was.</summary>
public sealed class PassthroughTests : IAsyncLifetime
{
    private const string Resources = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
          listeners:
            - { name: example, port: 8443, protocol: TLS, hostname: "*.example", tls: { mode: Passthrough } }
            - { name: test, port: 8443, protocol: TLS, hostname: "*.test", tls: { mode: Passthrough } }
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: TLSRoute
        metadata: { name: exact, namespace: default }
        spec:
          parentRefs: [ { name: edge, sectionName: example } ]
          hostnames: [ a.example ]
          rules: [ { backendRefs: [ { name: nginx, port: 1 } ] } ]
        ---
        apiVersion: gateway.networking.k8s.io/v1alpha2
        kind: TLSRoute
        metadata: { name: wide, namespace: default }
        spec:
          parentRefs: [ { name: edge } ]
          hostnames: [ "*.wide.example", "b.test" ]
          rules: [ { backendRefs: [ { name: openssl, port: 1 } ] } ]

        """;

    private Edge edge = null!;

    public async Task InitializeAsync()
    {
        edge = await Edge.CreateAsync();
        string ours = edge.Certificate("a.example");
        await edge.StartNginxAsync($"server {{ listen 127.0.0.1:9443 ssl; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {ours}; ssl_certificate_key {ours}; location / {{ return 200 \"nginx $ssl_server_name $ssl_protocol\"; }} }}");
        string theirs = edge.Certificate("x.wide.example", "b.test");
        edge.Start("s_server", ["openssl", "s_server", "-accept", "127.0.0.1:9444", "-cert", theirs, "-key", theirs, "-www", "-quiet"]);
        await edge.StartAsync(Resources + Edge.Service("nginx", 9443) + Edge.Service("openssl", 9444));
        await edge.ListensAsync(9443, 9444, 8443);
    }

    public Task DisposeAsync() => edge.DisposeAsync().AsTask();

    [Fact]
    public async Task Names_reach_their_backends_by_every_version_and_others_nobody()
    {
        foreach (string version in (string[])["--tlsv1.3", "--tls-max 1.2"])
        {
            var answer = await CurlAsync("a.example", version);
            Assert.Equal(version == "--tlsv1.3" ? "nginx a.example TLSv1.3" : "nginx a.example TLSv1.2", answer.Must().Output);
            Assert.Contains("s_server", (await CurlAsync("x.wide.example", version)).Must().Output, StringComparison.Ordinal);
            Assert.Contains("s_server", (await CurlAsync("b.test", version)).Must().Output, StringComparison.Ordinal);
        }
        foreach (string name in (string[])["c.example", "wide.example", "y.test", "a.org"])
        {
            var refused = await CurlAsync(name, "--tlsv1.3");
            Assert.True(refused.ExitCode == 35, $"{name}: {refused}"); // "TLS connect error": reset before any answer
        }
        await RecordedAsync("\"requested_server_name\":\"c.example\"", "\"response_flags\":\"NR\"", "\"protocol\":\"tls\"");
        await RecordedAsync("\"requested_server_name\":\"a.example\"", "\"response_flags\":\"-\"", "\"route\":\"default/exact\"");
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Handshake_of_openssl_with_a_large_hello_verifies_the_backends_own_certificate(string version)
    {
        // A long list of protocols makes a ClientHello of several kilobytes, which comes in several segments.
        string alpn = string.Join(',', Enumerable.Range(0, 120).Select(static i => $"protocol-of-no-use-{i:000}")) + ",http/1.1";
        var result = await edge.Space.RunAsync(["openssl", "s_client", "-connect", "127.0.0.1:8443", "-servername", "a.example", "-verify_return_error", "-verify_hostname", "a.example",
            "-CAfile", edge.AuthorityFile, "-alpn", alpn, version], input: "");
        Assert.Contains("Verify return code: 0 (ok)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_without_a_name_is_reset()
    {
        var result = await edge.Space.RunAsync(["openssl", "s_client", "-connect", "127.0.0.1:8443", "-noservername"], input: "");
        Assert.Contains("no peer certificate available", result.Output, StringComparison.Ordinal);
        await RecordedAsync("names no server");
    }

    private Task<ShellResult> CurlAsync(string name, string version) => edge.Space.RunAsync(
        ["curl", "-sS", "--max-time", "10", "--cacert", edge.AuthorityFile, "--resolve", $"{name}:8443:127.0.0.1", .. version.Split(' '), $"https://{name}:8443/"]);

    private Task RecordedAsync(params string[] parts) => Until.TrueAsync($"the access log has {string.Join(" and ", parts)}", TimeSpan.FromSeconds(5),
        () => edge.Daemon.ReadLog().Split('\n').Any(line => parts.All(part => line.Contains(part, StringComparison.Ordinal))), () => edge.Daemon.LogTail());
}
