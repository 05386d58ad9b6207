using Mesh.Http;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Balancing;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Policy;
using Mesh.Proxy.Tracing;

namespace Mesh.Micro.Operations;

/// <summary>Where a request may go and where it goes.</summary>
internal static class PolicyOperations
{
    public static IEnumerable<Operation> All()
    {
        var policy = new InboundPolicy([.. Enumerable.Range(0, 10).Select(Policy)], MtlsModel.Strict);
        var request = new RequestHead();
        request.Method.Set("GET"u8);
        request.Target.Set("/api/v1/items/17"u8);
        request.Authority.Set("catalog.shop.mesh"u8);
        var question = new AccessQuestion(new SpiffeId("cluster.local", "shop", "client-9"), Ip.Parse("10.0.0.1"), 8080, request, HttpPending: false);
        yield return new Operation("policy: 10 allow policies, the last holds", () => policy.Decide(question));

        var random = new Random(1);
        var endpoints = Enumerable.Range(0, 10).Select(Endpoint).ToArray();
        foreach (var (name, balancer) in new (string, LoadBalancer)[] { ("least request", new LeastRequest()), ("round robin", new RoundRobin(1, random)), ("random", new RandomChoice()) })
            yield return new Operation($"balance: {name} of 10 endpoints", () => balancer.Pick(endpoints, null, 0, random));

        var trace = new TraceHeaders(new BitSource(random));
        var headers = new HeaderList();
        yield return new Operation("trace: begin, with a request id", () =>
        {
            headers.Clear();
            headers.Add("accept"u8, "*/*"u8);
            headers.Add("user-agent"u8, "micro"u8);
            trace.Continue(headers, TracingModel.Default);
        });
        yield return new Operation("trace: continue", () =>
        {
            headers.Clear();
            headers.Add("traceparent"u8, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"u8);
            headers.Add("x-request-id"u8, "7d444840"u8);
            trace.Continue(headers, TracingModel.Default);
        });
    }

    private static AccessPolicyModel Policy(int number) => new($"shop/{number}", AccessAction.Allow,
    [
        new AccessRule(
            [new AccessFrom(Either<TextMatch>.Unset, Either<TextMatch>.Unset, new Either<(string, string)>([("shop", $"client-{number}")], []), Either<System.Net.IPNetwork>.Unset)],
            [new AccessTo(Either<TextMatch>.Unset, new Either<TextMatch>([new TextMatch(TextMatchKind.Exact, "GET")], []), new Either<TextMatch>([new TextMatch(TextMatchKind.Prefix, "/api/")], []), Either<int>.Unset)]),
    ], DryRun: false, Port: 0);

    private static EndpointModel Endpoint(int number)
    {
        var address = Ip.Parse($"10.0.1.{number}");
        return new EndpointModel
        {
            Workload = new WorkloadModel
            {
                Namespace = "shop",
                Name = $"w-{number}",
                Uid = $"shop/w-{number}",
                Identity = new SpiffeId("cluster.local", "shop", "cart"),
                Addresses = [address],
                Node = "",
                Tunnel = TunnelKind.None,
                TunnelPort = 0,
                Healthy = true,
                Policy = InboundPolicy.Default,
                Telemetry = TelemetryModel.Default,
                Ports = new Dictionary<int, InboundPort>(),
            },
            Target = new IpPort(address, 8080),
            Weight = 1,
            State = new EndpointState(1),
        };
    }
}
