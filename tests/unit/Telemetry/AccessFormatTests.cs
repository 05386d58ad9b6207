using System.Net;
using System.Text;
using System.Text.Json;
using Mesh.Daemon.Systemd;
using Mesh.Telemetry;
using Mesh.Telemetry.AccessLogs;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.Unit.Telemetry;

public sealed class AccessFormatTests
{
    private static readonly ConstantFields Labels = AccessFields.Of(new TrafficLabels(
        Reporter.Source, Party.Unknown with { Workload = "web-1" }, Party.Unknown with { Workload = "cart\n-1", Service = "" }, "http", "mutual_tls"));

    [Fact]
    public void Json_record_has_every_field_that_is_known()
    {
        var json = Json(Record("/items?q=\"a b\""u8));
        Assert.Equal("2026-01-02T03:04:05.006Z", json.GetProperty("start_time").GetString());
        Assert.Equal(12.5, json.GetProperty("duration_ms").GetDouble());
        Assert.Equal("/items?q=\"a b\"", json.GetProperty("path").GetString());
        Assert.Equal(503, json.GetProperty("response_code").GetInt32());
        Assert.Equal("UF", json.GetProperty("response_flags").GetString());
        Assert.Equal("10.0.0.1:4000", json.GetProperty("source_address").GetString());
        Assert.Equal("[fd00::1]:80", json.GetProperty("destination_address").GetString());
        Assert.Equal("web-1", json.GetProperty("source_workload").GetString());
        Assert.Equal("cart\n-1", json.GetProperty("destination_workload").GetString());
        Assert.Equal("source", json.GetProperty("reporter").GetString());
        Assert.Equal("no\tluck", json.GetProperty("failure_reason").GetString());
        Assert.Equal("shop/cart", json.GetProperty("route").GetString());
        foreach (string absent in new[] { "grpc_status", "trace_id", "endpoint_address", "destination_service" }) Assert.False(json.TryGetProperty(absent, out _), absent);
    }

    [Fact]
    public void Every_single_byte_and_every_pair_comes_back_from_json_as_utf8_says()
    {
        for (int first = 0; first < 256; first++)
        {
            Check([(byte)first]);
            for (int second = 0; second < 256; second++) Check([(byte)'a', (byte)first, (byte)second, (byte)'z']);
        }

        static void Check(byte[] path) => Assert.Equal(Encoding.UTF8.GetString(path), Json(Record(path)).GetProperty("path").GetString());
    }

    [Fact]
    public void Line_separators_and_terminal_controls_outside_ascii_are_escaped()
    {
        string line = Line(Record("/\u0085\u2028\u001b\u007f\u00e9\ud83d\ude00"u8), AccessLogFormat.Json);
        Assert.Contains("\"path\":\"/\\u0085\\u2028\\u001B\\u007F\u00e9\ud83d\ude00\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_record_is_one_line_with_quoted_values_where_needed()
    {
        string line = Line(Record("/a b\n\"c\""u8), AccessLogFormat.Text);
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.StartsWith("access start_time=2026-01-02T03:04:05.006Z duration_ms=12.5 method=GET authority=cart path=\"/a b\\n\\\"c\\\"\" response_code=503 ", line, StringComparison.Ordinal);
        Assert.Contains(" reporter=source protocol=http source_workload=web-1 ", line, StringComparison.Ordinal);
        Assert.Contains(" destination_workload=\"cart\\n-1\" ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Format_of_a_record_outranks_that_of_the_sink()
    {
        string text = Line(Record("/"u8) with { Format = AccessLogFormat.Text }, AccessLogFormat.Json);
        Assert.StartsWith("access ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Added_fields_end_the_record()
    {
        var json = Json(Record("/"u8) with { Extra = new ConstantFields(("team", "a\"b"), ("stage", "test")) });
        Assert.Equal("a\"b", json.GetProperty("team").GetString());
        Assert.Equal("test", json.GetProperty("stage").GetString());
    }

    [Fact]
    public void Journal_entry_gives_a_length_where_a_value_has_lines_of_its_own()
    {
        var batch = new ByteBatch();
        new JournalAccessFormat().Append(Record("/a\nMESH_ROUTE=forged"u8), batch);
        string entry = Encoding.Latin1.GetString(batch.Written);
        Assert.StartsWith("PRIORITY=6\nSYSLOG_IDENTIFIER=meshd-access\nMESSAGE", entry, StringComparison.Ordinal);
        Assert.Contains("\nMESH_PATH\n\u0014\0\0\0\0\0\0\0/a\nMESH_ROUTE=forged\nMESH_RESPONSE_CODE=503\n", entry, StringComparison.Ordinal);
        Assert.Contains("\nMESH_SOURCE_ADDRESS=10.0.0.1:4000\n", entry, StringComparison.Ordinal);
        Assert.EndsWith("\nMESH_CONNECTION_SECURITY_POLICY=mutual_tls\n", entry, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("1::")]
    [InlineData("fd00::1")]
    [InlineData("2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:0:0:1:0:0:0:1")]
    [InlineData("1:0:0:2:3:0:0:4")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("::ffff:10.0.0.255")]
    [InlineData("::ffff:0.0.0.0")]
    public void Addresses_read_as_the_framework_writes_them(string text)
    {
        var parsed = IPAddress.Parse(text);
        Span<byte> written = stackalloc byte[AccessAddress.MaxText];
        int length = new AccessAddress(parsed.GetAddressBytes(), 65535).Format(written);
        string expected = new IPEndPoint(parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed, 65535).ToString();
        Assert.Equal(expected, Encoding.UTF8.GetString(written[..length]));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(10, "0.001")]
    [InlineData(9_990, "0.999")]
    [InlineData(1_000_000, "100")]
    [InlineData(1_000_500, "100.05")]
    [InlineData(1_234_560, "123.456")]
    public void Durations_have_three_decimals_at_most(long ticks, string expected)
    {
        string line = Line(Record("/"u8) with { Duration = new TimeSpan(ticks) }, AccessLogFormat.Json);
        Assert.Contains($"\"duration_ms\":{expected},", line, StringComparison.Ordinal);
    }

    private static AccessRecord Record(ReadOnlySpan<byte> path) => new()
    {
        Start = new DateTimeOffset(2026, 1, 2, 5, 4, 5, 6, TimeSpan.FromHours(2)),
        Duration = TimeSpan.FromMilliseconds(12.5),
        Labels = Labels,
        SourceAddress = new AccessAddress(IPAddress.Parse("::ffff:10.0.0.1").GetAddressBytes(), 4000),
        DestinationAddress = new AccessAddress(IPAddress.Parse("fd00::1").GetAddressBytes(), 80),
        Method = "GET"u8,
        Authority = "cart"u8,
        Path = path,
        ResponseCode = 503,
        Flags = ResponseFlag.UF,
        FailureReason = "no\tluck",
        RouteName = "shop/cart",
    };

    private static JsonElement Json(in AccessRecord record) => JsonDocument.Parse(Line(record, AccessLogFormat.Json)).RootElement;

    private static string Line(in AccessRecord record, AccessLogFormat format)
    {
        using var stream = new MemoryStream();
        var sink = new StreamAccessSink(stream, format);
        sink.Write(record);
        sink.Flush();
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
