using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Layer4;

/// <summary>The PROXY protocol between HAProxy, meshd and nginx: each reads what the other has written.</summary>
public sealed class ProxyProtocolTests : IAsyncLifetime
{
    private const string Resources = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 }, { type: IPAddress, value: "::1" } ]
          listeners:
            - { name: behind-haproxy, port: 8001, protocol: TCP }
            - { name: direct, port: 8002, protocol: TCP }
            - { name: http, port: 8003, protocol: HTTP }
        ---
        apiVersion: gateway.networking.k8s.io/v1alpha2
        kind: TCPRoute
        metadata: { name: nginx, namespace: default }
        spec:
          parentRefs: [ { name: edge, sectionName: behind-haproxy } ]
          rules: [ { backendRefs: [ { name: nginx, port: 1 } ] } ]
        ---
        apiVersion: gateway.networking.k8s.io/v1alpha2
        kind: TCPRoute
        metadata: { name: haproxy, namespace: default }
        spec:
          parentRefs: [ { name: edge, sectionName: direct } ]
          rules: [ { backendRefs: [ { name: haproxy, port: 1 } ] } ]
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: http, namespace: default }
        spec:
          parentRefs: [ { name: edge, sectionName: http } ]
          rules: [ { backendRefs: [ { name: nginx, port: 1 } ] } ]
        ---
        apiVersion: mesh.internal/v1
        kind: TrafficPolicy
        metadata: { name: accept, namespace: default }
        spec:
          targetRefs: [ { group: gateway.networking.k8s.io, kind: Gateway, name: edge, sectionName: behind-haproxy }, { kind: Gateway, name: edge, sectionName: http } ]
          proxyProtocol: { acceptFrom: [ 127.0.0.0/8 ] }
        ---
        apiVersion: mesh.internal/v1
        kind: TrafficPolicy
        metadata: { name: send, namespace: default }
        spec:
          targetRefs: [ { kind: Service, name: nginx }, { kind: Service, name: haproxy } ]
          proxyProtocol: { send: V2 }

        """;

    // Each front connects from an address of its own, which must not be what the application sees.
    private const string Haproxy = """
        listen v1
          mode tcp
          bind 127.0.0.1:7001
          server meshd 127.0.0.1:8001 send-proxy source 127.0.0.77
        listen v2
          mode tcp
          bind 127.0.0.1:7002
          server meshd 127.0.0.1:8001 send-proxy-v2 source 127.0.0.77
        listen v2-with-checksum
          mode tcp
          bind 127.0.0.1:7003
          bind [::1]:7003
          server meshd 127.0.0.1:8001 send-proxy-v2 proxy-v2-options crc32c,unique-id,authority source 127.0.0.77
        listen v2-http
          mode http
          bind 127.0.0.1:7004
          server meshd 127.0.0.1:8003 send-proxy-v2 proxy-v2-options crc32c source 127.0.0.77
        frontend application
          mode http
          bind 127.0.0.1:9002 accept-proxy
          http-request return status 200 content-type text/plain lf-string "haproxy %[src]"

        """;

    private Edge edge = null!;

    public async Task InitializeAsync()
    {
        edge = await Edge.CreateAsync();
        await edge.StartNginxAsync("server { listen 127.0.0.1:9001 proxy_protocol; location / { return 200 \"nginx $proxy_protocol_addr $proxy_protocol_server_port\"; } }");
        await edge.StartHaproxyAsync(Haproxy);
        await edge.StartAsync(Resources + Edge.Service("nginx", 9001) + Edge.Service("haproxy", 9002));
        await edge.ListensAsync(9001, 9002, 7001, 7002, 7003, 7004, 8001, 8002, 8003);
    }

    public Task DisposeAsync() => edge.DisposeAsync().AsTask();

    [Theory]
    [InlineData(7001)]
    [InlineData(7002)]
    [InlineData(7003)]
    [InlineData(7004)]
    public async Task Client_that_haproxy_names_is_the_one_that_nginx_sees(int port)
    {
        for (int i = 1; i <= 3; i++)
            Assert.Equal($"nginx 127.0.1.{i} 9001", (await edge.Space.RunAsync($"curl -sS --max-time 5 --interface 127.0.1.{i} http://127.0.0.1:{port}/")).Must().Output);
    }

    [Fact]
    public async Task Client_of_ipv6_keeps_its_address() =>
        Assert.Equal("nginx ::1 9001", (await edge.Space.RunAsync("curl -sS --max-time 5 http://[::1]:7003/")).Must().Output);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    public async Task Haproxy_accepts_our_header(string address)
    {
        string expected = address == "[::1]" ? "haproxy ::1" : "haproxy 127.0.3.1";
        string from = address == "[::1]" ? "::1" : "127.0.3.1";
        Assert.Equal(expected, (await edge.Space.RunAsync($"curl -sS --max-time 5 --interface {from} http://{address}:8002/")).Must().Output);
    }

    [Fact]
    public async Task Client_that_speaks_without_a_header_where_one_must_be_is_refused_and_one_from_elsewhere_needs_none()
    {
        var refused = await edge.Space.RunAsync("curl -sS --max-time 5 http://127.0.0.1:8001/");
        Assert.True(refused.ExitCode is 52 or 56, refused.ToString()); // empty reply, or reset
        await Until.TrueAsync("the log says why", TimeSpan.FromSeconds(5), () => edge.Daemon.ReadLog().Contains("does not begin with a PROXY header", StringComparison.Ordinal), () => edge.Daemon.LogTail());
        Assert.Equal("nginx ::1 9001", (await edge.Space.RunAsync("curl -sS --max-time 5 http://[::1]:8001/")).Must().Output);
    }
}
