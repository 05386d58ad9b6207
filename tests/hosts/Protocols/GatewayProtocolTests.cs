using System.Text.RegularExpressions;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>Clients and servers that nobody here wrote, with the gateway between them.</summary>
public sealed partial class GatewayProtocolTests(ProtocolFixture fixture) : IClassFixture<ProtocolFixture>
{
    [Fact]
    public async Task Grpc_calls_of_every_form_pass()
    {
        await fixture.PassesAsync("grpc_client.py");
        string metrics = await fixture.MetricsAsync();
        Assert.Matches("mesh_requests_total\\{.*request_protocol=\"grpc\".*grpc_response_status=\"9\"", metrics);
        Assert.Matches("mesh_response_messages_total\\{.*grpc_method=\"/test.Echo/ServerStream\",grpc_response_status=\"0\"\\} 500", metrics);
    }

    [Fact]
    public Task Grpc_calls_go_where_service_method_and_metadata_lead() => fixture.PassesAtAsync("81", "grpc_routes_client.py");

    // The route's request timeout is three seconds: the conversation outlives it.
    [Fact]
    public async Task WebSocket_passes_and_is_no_request()
    {
        await fixture.PassesAsync("websocket_client.py", "4");
        string metrics = await fixture.MetricsAsync();
        Assert.Matches("mesh_tcp_connections_closed_total\\{.*request_protocol=\"websocket\"", metrics);
        Assert.DoesNotMatch("mesh_request_duration_seconds_count\\{.*request_protocol=\"websocket\"", metrics);
    }

    [Fact]
    public Task WebSocket_over_HTTP2_passes() => fixture.PassesAsync("websocket_h2_client.py");

    [Theory]
    [InlineData("--http1.1", "files")]
    [InlineData("--http1.1", "h2")]
    [InlineData("--http2-prior-knowledge", "files")]
    [InlineData("--http2-prior-knowledge", "h2")]
    public async Task Curl_gets_the_file_in_either_version(string version, string place)
    {
        foreach (string file in new[] { "1k", "1m" })
        {
            string got = Path.Combine(fixture.Files, "got");
            await fixture.Space.MustAsync($"curl -sf {version} -o {got} http://127.0.0.1/{place}/{file}");
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(fixture.Files, place, file)), await File.ReadAllBytesAsync(got));
        }
    }

    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Curl_uploads_to_a_server_of_HTTP2_that_sends_it_back(string version)
    {
        string sent = Path.Combine(fixture.Files, "h2", "1m"), got = Path.Combine(fixture.Files, "got");
        await fixture.Space.MustAsync($"curl -sf {version} -o {got} --data-binary @{sent} http://127.0.0.1/h2/echo");
        Assert.Equal(await File.ReadAllBytesAsync(sent), await File.ReadAllBytesAsync(got));
    }

    [Theory]
    [InlineData("files")]
    [InlineData("h2")]
    public async Task Load_of_many_streams_has_no_failure(string place)
    {
        string said = await fixture.Space.MustAsync($"h2load -n 20000 -c 10 -m 50 http://127.0.0.1/{place}/1k");
        Assert.Equal("20000 succeeded, 0 failed, 0 errored, 0 timeout", Outcome().Match(said).Value);
    }

    /// <summary>nginx answers a POST to a file before it has read it, and resets the stream with NO_ERROR behind the answer: thousands a second.</summary>
    [Fact]
    public async Task Server_that_answers_early_under_load_keeps_its_connections()
    {
        string body = Path.Combine(fixture.Files, "early", "1k");
        string said = await fixture.Space.MustAsync($"h2load -n 20000 -c 10 -m 50 -d {body} http://127.0.0.1/early/1k");
        Assert.Equal("20000 succeeded, 0 failed, 0 errored, 0 timeout", Outcome().Match(said).Value);
        Assert.DoesNotMatch("mesh_http2_connection_errors_total\\{side=\"upstream\".* [1-9]", await fixture.MetricsAsync());
    }

    // nghttp shows trailers and checks flow control with a small window of its own.
    [Theory]
    [InlineData("files")]
    [InlineData("h2")]
    public async Task Client_with_a_small_window_gets_all(string place)
    {
        string said = await fixture.Space.MustAsync($"nghttp --stat --no-dep --window-bits=14 --null-out --multiply=20 http://127.0.0.1/{place}/1m");
        Assert.Equal(20, SizeOfWhole().Count(said));
    }

    [GeneratedRegex("[0-9]+ succeeded, [0-9]+ failed, [0-9]+ errored, [0-9]+ timeout")]
    private static partial Regex Outcome();

    [GeneratedRegex(@" 200 +1M ")]
    private static partial Regex SizeOfWhole();
}
