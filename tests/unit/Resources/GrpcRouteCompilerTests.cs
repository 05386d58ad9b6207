using Mesh.Protocol.Config;
using Mesh.Resources;
using Mesh.Resources.Compile;
using Mesh.Resources.Validation;

namespace Mesh.Tests.Unit.Resources;

public sealed class GrpcRouteCompilerTests
{
    private const string Services = """
        apiVersion: v1
        kind: Service
        metadata: { name: cart, namespace: shop }
        spec: { ports: [ { name: grpc, port: 80 }, { name: web, port: 81, appProtocol: http }, { name: raw, port: 82, appProtocol: tcp }, { name: any, port: 83 } ] }
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: shop }
        spec:
          gatewayClassName: meshd
          listeners:
            - { name: all, port: 80, protocol: HTTP }
            - { name: only, port: 81, protocol: HTTP, hostname: "*.a.example", allowedRoutes: { kinds: [ { kind: GRPCRoute } ] } }

        """;

    private const string ToCart = "rules: [ { backendRefs: [ { name: cart, port: 80 } ] } ]";

    [Fact]
    public void Route_reaches_nodes_with_service_method_headers_filters_and_weights()
    {
        var result = Compile(Route("GRPCRoute", "r", """
            parentRefs: [ { kind: Service, name: cart, port: 80 } ], rules: [
            { name: first, matches: [ { method: { service: shop.Cart, method: Add }, headers: [ { name: v, value: "2" } ] }, { method: { type: RegularExpression, service: "shop[.].*" } } ],
              filters: [ { type: RequestHeaderModifier, requestHeaderModifier: { remove: [ x ] } } ], backendRefs: [ { name: cart, port: 80, weight: 9 }, { name: gone, port: 80 } ] },
            { backendRefs: [ { name: cart, port: 81, filters: [ { type: ResponseHeaderModifier, responseHeaderModifier: { remove: [ y ] } } ] } ] } ]
            """));
        var route = Documents.Message<GrpcRoute>(result, TypeUrls.GrpcRoute, "shop/r");
        var (first, second) = (route.Rules[0], route.Rules[1]);
        Assert.Equal(
            [(StringMatch.Types.Kind.Exact, "shop.Cart", "Add", 1), (StringMatch.Types.Kind.Regex, "shop[.].*", null, 0)],
            first.Matches.Select(match => (match.Service.Kind, match.Service.Value, match.Method?.Value, match.Headers.Count)));
        Assert.Equal(("first", "x"), (first.Name, Assert.Single(first.Filters).RequestHeaders.Remove[0]));
        Assert.Equal([(9u, ""), (1u, "BackendNotFound: Service shop/gone does not exist")], first.Backends.Select(backend => (backend.Weight, backend.InvalidReason)));
        Assert.Equal((null, null), (Assert.Single(second.Matches).Service, second.Matches[0].Method));
        Assert.Equal("y", Assert.Single(Assert.Single(second.Backends).Filters).ResponseHeaders.Remove[0]);
        Assert.Equal(80u, Assert.Single(route.Parents).Port);
        Assert.Equal(("True Accepted", "False BackendNotFound"), (Condition(result, "GRPCRoute", "r"), Condition(result, "GRPCRoute", "r", "ResolvedRefs")));
    }

    [Theory]
    [InlineData("GRPCRoute", "", "80 81 83")]
    [InlineData("HTTPRoute", "", "80 81 83")]
    [InlineData("TLSRoute", "", "83")]
    [InlineData("TCPRoute", "", "82 83")]
    [InlineData("TLSRoute", ", port: 82", "82 is TCP")]
    [InlineData("TLSRoute", ", port: 80", "80 is GRPC")]
    [InlineData("TCPRoute", ", sectionName: web", "81 is HTTP")]
    [InlineData("GRPCRoute", ", port: 82", "82 is TCP")]
    public void Route_takes_effect_at_ports_of_its_protocol_and_says_so_when_there_is_none(string kind, string port, string expected)
    {
        var result = Compile(Route(kind, "r", $"parentRefs: [ {{ kind: Service, name: cart{port} }} ], {ToCart}"));
        string url = kind switch { "GRPCRoute" => TypeUrls.GrpcRoute, "HTTPRoute" => TypeUrls.HttpRoute, "TLSRoute" => TypeUrls.TlsRoute, _ => TypeUrls.TcpRoute };
        if (result.Graph.OfType(url).TryGetValue("shop/r", out var found))
        {
            var parents = (IEnumerable<ParentRef>)found.Message.Descriptor.FindFieldByName("parents").Accessor.GetValue(found.Message);
            Assert.Equal(expected, string.Join(' ', parents.Select(parent => parent.Port)));
            return;
        }
        Assert.Equal("False NoMatchingParent", Condition(result, kind, "r"));
        Assert.Contains(expected, Assert.Single(result.Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sectionName: all", "True Accepted")]
    [InlineData("sectionName: only", "True Accepted")]
    public void Route_attaches_to_listeners_of_HTTP(string section, string accepted) =>
        Assert.Equal(accepted, Condition(Compile(Route("GRPCRoute", "r", $"parentRefs: [ {{ name: edge, {section} }} ], {ToCart}")), "GRPCRoute", "r"));

    [Fact]
    public void Listener_that_names_other_kinds_takes_no_such_route() =>
        Assert.Equal("False NotAllowedByListeners", Condition(Compile(Route("HTTPRoute", "r", $"parentRefs: [ {{ name: edge, sectionName: only }} ], {ToCart}")), "HTTPRoute", "r"));

    [Theory]
    [InlineData("", "", "2020", "2021", "first")]
    [InlineData("", "", "2021", "2020", "second")]
    [InlineData("", "", "2020", "2020", "first")]
    [InlineData("hostnames: [ a.example ], ", "", "2020", "2021", "first")]
    [InlineData("hostnames: [ x.a.example ], ", "hostnames: [ \"*.a.example\" ], ", "2021", "2020", "second")]
    [InlineData("hostnames: [ a.example ], ", "hostnames: [ \"*.a.example\" ], ", "2020", "2021", "both")]
    [InlineData("hostnames: [ a.example, b.example ], ", "hostnames: [ c.example, b.example ], ", "2020", "2021", "first")]
    public void Of_an_HTTP_and_a_gRPC_route_with_hosts_in_common_the_older_is_accepted(string hosts, string otherHosts, string year, string otherYear, string accepted)
    {
        foreach (string kind in (string[])["GRPCRoute", "HTTPRoute"])
        {
            string other = kind == "GRPCRoute" ? "HTTPRoute" : "GRPCRoute";
            var result = Compile(Route(kind, "one", $"{hosts}parentRefs: [ {{ name: edge, sectionName: all }} ], {ToCart}", year)
                + Route(other, "two", $"{otherHosts}parentRefs: [ {{ name: edge, sectionName: all }} ], {ToCart}", otherYear));
            const string yes = "True Accepted", no = "False HostnameConflict";
            Assert.Equal((accepted == "second" ? no : yes, accepted == "first" ? no : yes), (Condition(result, kind, "one"), Condition(result, other, "two")));
        }
    }

    [Fact]
    public void Route_that_lost_takes_nothing_from_others()
    {
        var result = Compile(Gateway("HTTPRoute", "old", "[ a.example ]", "2020") + Gateway("GRPCRoute", "middle", "[ a.example, b.example ]", "2021") + Gateway("HTTPRoute", "young", "[ b.example ]", "2022"));
        Assert.Equal(("True Accepted", "False HostnameConflict", "True Accepted"),
            (Condition(result, "HTTPRoute", "old"), Condition(result, "GRPCRoute", "middle"), Condition(result, "HTTPRoute", "young")));

        static string Gateway(string kind, string name, string hosts, string year) =>
            Route(kind, name, $"hostnames: {hosts}, parentRefs: [ {{ name: edge, sectionName: all }} ], {ToCart}", year);
    }

    [Fact]
    public void At_a_service_the_gRPC_route_has_its_port_and_the_other_route_the_rest()
    {
        string grpc = Route("GRPCRoute", "calls", $"parentRefs: [ {{ kind: Service, name: cart, port: 80 }} ], {ToCart}", "2022");
        var some = Compile(Route("HTTPRoute", "web", $"parentRefs: [ {{ kind: Service, name: cart }} ], {ToCart}", "2020") + grpc);
        Assert.Equal([81u, 83u], Documents.Message<HttpRoute>(some, TypeUrls.HttpRoute, "shop/web").Parents.Select(parent => parent.Port));
        Assert.Equal(("True Accepted", "True Accepted"), (Condition(some, "HTTPRoute", "web"), Condition(some, "GRPCRoute", "calls")));
        Assert.Contains("not everywhere: GRPCRoute shop/calls takes every request at port 80", some.Statuses[Key("HTTPRoute", "web")].ToJsonString(), StringComparison.Ordinal);

        var none = Compile(Route("HTTPRoute", "web", $"parentRefs: [ {{ kind: Service, name: cart, port: 80 }} ], {ToCart}", "2020") + grpc);
        Assert.Equal("False Overridden", Condition(none, "HTTPRoute", "web"));
        Assert.Empty(none.Graph.OfType(TypeUrls.HttpRoute));
    }

    [Fact]
    public void Whoever_writes_a_route_is_warned_of_the_conflict()
    {
        var resources = Documents.Set(Services + Route("HTTPRoute", "old", $"parentRefs: [ {{ name: edge }} ], {ToCart}", "2020"));
        var added = Documents.Set(Route("GRPCRoute", "new", $"parentRefs: [ {{ name: edge, sectionName: all }} ], {ToCart}", "2021")).All.Single();
        var warning = Assert.Single(ResourceCompiler.Check(added, resources, new CompileOptions("cluster.local")));
        Assert.Equal((ErrorReason.NotFound, "spec.parentRefs[0]"), (warning.Reason, warning.Path));
        Assert.Contains("HTTPRoute shop/old came first", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backend_of_another_namespace_needs_a_grant_for_the_kind()
    {
        string route = Route("GRPCRoute", "r", "parentRefs: [ { name: edge, sectionName: all } ], rules: [ { backendRefs: [ { name: pay, namespace: bank, port: 80 } ] } ]");
        const string pay = "---\napiVersion: v1\nkind: Service\nmetadata: { name: pay, namespace: bank }\nspec: { ports: [ { port: 80 } ] }\n";
        Assert.Equal("False RefNotPermitted", Condition(Compile(route + pay + Grant("HTTPRoute")), "GRPCRoute", "r", "ResolvedRefs"));
        Assert.Equal("True ResolvedRefs", Condition(Compile(route + pay + Grant("GRPCRoute")), "GRPCRoute", "r", "ResolvedRefs"));

        static string Grant(string kind) => "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: { name: g, namespace: bank }\n"
            + $"spec: {{ from: [ {{ group: gateway.networking.k8s.io, kind: {kind}, namespace: shop }} ], to: [ {{ group: \"\", kind: Service }} ] }}\n";
    }

    private static CompileResult Compile(string routes) => Documents.Compile(Services + routes);

    private static string Route(string kind, string name, string spec, string year = "2020") =>
        $"---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{ name: {name}, namespace: shop, creationTimestamp: \"{year}-01-01T00:00:00Z\" }}\nspec: {{ {spec} }}\n";

    private static ResourceKey Key(string kind, string name) => new("gateway.networking.k8s.io", kind, "shop", name);

    private static string Condition(CompileResult result, string kind, string name, string type = "Accepted")
    {
        var condition = result.Statuses[Key(kind, name)]["parents"]![0]!["conditions"]!.AsArray().Single(condition => condition!["type"]!.ToString() == type)!;
        return $"{condition["status"]} {condition["reason"]}";
    }
}
