using Mesh.Http;
using Mesh.Kit.Measuring;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Tracing;
using static Mesh.Tests.Unit.Proxy.Requests;

namespace Mesh.Tests.Unit.Proxy;

public sealed class TracingTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Parent = "b7ad6b7169203331";
    private const string Begun = "^00-[0-9a-f]{32}-[0-9a-f]{16}-00$";
    private static readonly TracingModel Never = new(true, new Sampling(0));
    private static readonly TracingModel Always = new(true, Sampling.All);

    private readonly TraceHeaders trace = new(new BitSource(new Random(1)));

    [Theory]
    [InlineData("00-" + Trace + "-" + Parent + "-01", "01")]
    [InlineData("00-" + Trace + "-" + Parent + "-00", "00")]
    [InlineData("00-" + Trace + "-" + Parent + "-03", "03")]
    [InlineData("00-" + Trace + "-" + Parent + "-ff", "03")]
    [InlineData("cc-" + Trace + "-" + Parent + "-01", "01")]
    [InlineData("cc-" + Trace + "-" + Parent + "-01-what-comes-later", "01")]
    public void Trace_is_continued_with_a_span_of_our_own(string traceparent, string flags)
    {
        var headers = Continue(Never, ("traceparent", traceparent), ("tracestate", "a=1"), ("tracestate", "b=2"));
        Assert.Matches($"^00-{Trace}-(?!{Parent})[0-9a-f]{{16}}-{flags}$", Assert.Single(Values(headers, "traceparent")));
        Assert.Equal(["a=1", "b=2"], Values(headers, "tracestate"));
        Assert.Equal(Trace, TraceId);
    }

    public static TheoryData<string> Malformed =>
    [
        "", "00", "00-" + Trace + "-" + Parent, "00-" + Trace + "-" + Parent + "-1", "00-" + Trace + "-" + Parent + "-01-more", "00-" + Trace + "-" + Parent + "-01.",
        "cc-" + Trace + "-" + Parent + "-01.more", "ff-" + Trace + "-" + Parent + "-01", "0x-" + Trace + "-" + Parent + "-01", "00-" + Trace.ToUpperInvariant() + "-" + Parent + "-01",
        "00-" + new string('0', 32) + "-" + Parent + "-01", "00-" + Trace + "-" + new string('0', 16) + "-01", "00-" + Trace + "-" + Parent + "-0g",
        "00_" + Trace + "-" + Parent + "-01", "00-" + Trace + "_" + Parent + "-01", "00-" + Trace + "-" + Parent + "_01", "00-" + Trace[1..] + "--" + Parent + "-01",
    ];

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_traceparent_restarts_the_trace_without_its_state(string traceparent)
    {
        var headers = Continue(Never, ("traceparent", traceparent), ("tracestate", "a=1"));
        Assert.Matches(Begun, Assert.Single(Values(headers, "traceparent")));
        Assert.NotEqual(Trace, TraceId);
        Assert.Empty(Values(headers, "tracestate"));
    }

    [Fact]
    public void Two_traceparents_restart_the_trace_and_a_state_alone_is_dropped()
    {
        string traceparent = $"00-{Trace}-{Parent}-01";
        var twice = Continue(Never, ("traceparent", traceparent), ("traceparent", traceparent), ("tracestate", "a=1"));
        Assert.Matches(Begun, Assert.Single(Values(twice, "traceparent")));
        Assert.Empty(Values(twice, "tracestate"));
        var alone = Continue(Never, ("tracestate", "a=1"));
        Assert.Matches(Begun, Assert.Single(Values(alone, "traceparent")));
        Assert.Empty(Values(alone, "tracestate"));
    }

    [Fact]
    public void Trace_that_begins_here_is_sampled_in_its_share()
    {
        Assert.EndsWith("-01", Values(Continue(Always), "traceparent")[0], StringComparison.Ordinal);
        var tenth = new TracingModel(true, new Sampling(100_000));
        int sampled = Enumerable.Range(0, 10_000).Count(_ => Values(Continue(tenth), "traceparent")[0].EndsWith("-01", StringComparison.Ordinal));
        Assert.InRange(sampled, 820, 1_180); // six standard deviations of 30
    }

    [Fact]
    public void Ids_differ_from_request_to_request_and_from_loop_to_loop()
    {
        var other = new TraceHeaders(new BitSource(new Random(2)));
        var ids = new HashSet<string>();
        for (int i = 0; i < 1_000; i++)
        {
            foreach (var source in new[] { trace, other })
            {
                var headers = new HeaderList();
                source.Continue(headers, Never);
                Assert.True(ids.Add(Values(headers, "traceparent")[0]));
                Assert.True(ids.Add(Values(headers, "x-request-id")[0]));
                Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", Values(headers, "x-request-id")[0]);
            }
        }
    }

    [Fact]
    public void Request_id_of_the_client_is_kept() =>
        Assert.Equal(["mine"], Values(Continue(Never, ("X-Request-Id", "mine")), "x-request-id"));

    [Theory]
    [InlineData(Trace + "-" + Parent + "-1", Trace, "-1-" + Parent)]
    [InlineData(Trace + "-" + Parent + "-d-0000000000000001", Trace, "-d-" + Parent)]
    [InlineData("8448eb211c80319c-" + Parent + "-0", "00000000000000008448eb211c80319c", "-0-" + Parent)]
    [InlineData(Trace + "-" + Parent, Trace, "")]
    public void B3_in_one_header_is_continued(string value, string traceId, string end)
    {
        var headers = Continue(Always, ("b3", value));
        Assert.Matches($"^{value.Split('-')[0]}-(?!{Parent})[0-9a-f]{{16}}{end}$", Assert.Single(Values(headers, "b3")));
        Assert.Equal(traceId, TraceId);
        Assert.Empty(Values(headers, "traceparent"));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData(Trace)]
    [InlineData(Trace + "-" + Parent + "-2")]
    [InlineData(Trace + "-" + Parent + "-1-short")]
    [InlineData(Trace + "-" + Parent + "x")]
    [InlineData("00000000000000000000000000000000-" + Parent + "-1")]
    public void Malformed_b3_restarts_the_trace(string value)
    {
        var headers = Continue(Never, ("b3", value));
        Assert.Empty(Values(headers, "b3"));
        Assert.Matches(Begun, Assert.Single(Values(headers, "traceparent")));
    }

    [Fact]
    public void B3_in_several_headers_is_continued_with_our_parent()
    {
        var headers = Continue(Never, ("X-B3-TraceId", Trace), ("X-B3-SpanId", Parent), ("X-B3-ParentSpanId", "0000000000000001"), ("X-B3-Sampled", "1"));
        Assert.Equal([Trace], Values(headers, "x-b3-traceid"));
        Assert.Equal([Parent], Values(headers, "x-b3-parentspanid"));
        Assert.NotEqual(Parent, Assert.Single(Values(headers, "x-b3-spanid")));
        Assert.Equal(["1"], Values(headers, "x-b3-sampled"));
        Assert.Equal(Trace, TraceId);
        Assert.Empty(Values(headers, "traceparent"));
    }

    [Fact]
    public void Half_a_b3_context_restarts_the_trace()
    {
        var headers = Continue(Never, ("x-b3-traceid", Trace));
        Assert.Empty(Values(headers, "x-b3-traceid"));
        Assert.Matches(Begun, Assert.Single(Values(headers, "traceparent")));
    }

    [Theory]
    [InlineData("b3", "1", "01")]
    [InlineData("b3", "d", "01")]
    [InlineData("b3", "0", "00")]
    [InlineData("x-b3-sampled", "1", "01")]
    [InlineData("x-b3-sampled", "0", "00")]
    [InlineData("x-b3-flags", "1", "01")]
    public void Decision_without_a_trace_is_obeyed(string name, string value, string flags)
    {
        var headers = Continue(value == "0" ? Always : Never, (name, value));
        Assert.EndsWith("-" + flags, Assert.Single(Values(headers, "traceparent")), StringComparison.Ordinal);
        Assert.Equal([value], Values(headers, name));
    }

    [Fact]
    public void Both_forms_get_the_same_span_and_the_trace_of_w3c_is_recorded()
    {
        var headers = Continue(Never, ("traceparent", $"00-{Trace}-{Parent}-01"), ("b3", $"{new string('1', 32)}-{Parent}-1"));
        Assert.Equal(Values(headers, "traceparent")[0].Split('-')[2], Values(headers, "b3")[0].Split('-')[1]);
        Assert.Equal(Trace, TraceId);
    }

    [Fact]
    public void Nothing_is_touched_when_tracing_is_off()
    {
        var headers = Continue(new TracingModel(false, Sampling.All), ("traceparent", "nonsense"));
        Assert.Equal("traceparent: nonsense\n", headers.ToString());
        Assert.Equal("", TraceId);
    }

    [Fact]
    public void Continuing_and_beginning_allocate_nothing()
    {
        var request = Request(headers: [("accept", "*/*"), ("traceparent", $"00-{Trace}-{Parent}-01"), ("b3", $"{Trace}-{Parent}-1"), ("x-b3-traceid", Trace), ("x-b3-spanid", Parent)]);
        var plain = Request(headers: ("accept", "*/*"));
        var headers = new HeaderList();
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                headers.Clear();
                (i % 2 == 0 ? request : plain).Headers.CopyTo(headers);
                trace.Continue(headers, Always);
            }
        }));
    }

    private string TraceId => System.Text.Encoding.ASCII.GetString(trace.TraceId);

    private HeaderList Continue(TracingModel tracing, params (string Name, string Value)[] fields)
    {
        var headers = Request(headers: fields).Headers;
        trace.Continue(headers, tracing);
        return headers;
    }

    private static List<string> Values(HeaderList headers, string name)
    {
        var values = new List<string>();
        for (int i = 0; i < headers.Count; i++)
        {
            if (headers.NameEquals(i, System.Text.Encoding.ASCII.GetBytes(name))) values.Add(System.Text.Encoding.ASCII.GetString(headers.Value(i)));
        }
        return values;
    }
}
