using Mesh.Protocol.Config;
using Mesh.Resources;
using Mesh.Resources.Compile;

namespace Mesh.Tests.Unit.Resources;

public sealed class RouteCompilerTests
{
    private const string services = """
        apiVersion: v1
        kind: Service
        metadata: { name: web, namespace: shop }
        spec: { ports: [ { name: http, port: 80 }, { name: tls, port: 443 } ] }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: pay, namespace: bank }
        spec: { ports: [ { name: http, port: 80 } ] }
        ---
        """;

    private static string Route(string spec) => $"{services}\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r, namespace: shop }}\nspec: {spec}\n";

    private static (HttpRoute Message, CompileResult Result) Compile(string yaml)
    {
        var result = Documents.Compile(yaml);
        return (Documents.Message<HttpRoute>(result, TypeUrls.HttpRoute, "shop/r"), result);
    }

    private static string Condition(CompileResult result, string type, string kind = "HTTPRoute")
    {
        var status = result.Statuses[new ResourceKey("gateway.networking.k8s.io", kind, "shop", "r")];
        var condition = status["parents"]![0]!["conditions"]!.AsArray().Single(condition => condition!["type"]!.ToString() == type)!;
        return $"{condition["status"]} {condition["reason"]}";
    }

    [Fact]
    public void Rule_without_matches_takes_every_path_and_backend_without_weight_has_one()
    {
        var (route, result) = Compile(Route("{ parentRefs: [ { kind: Service, name: web } ], rules: [ { backendRefs: [ { name: web, port: 80 } ], timeouts: { request: 1s } } ] }"));

        var rule = Assert.Single(route.Rules);
        Assert.Equal((StringMatch.Types.Kind.Prefix, "/"), (rule.Matches[0].Path.Kind, rule.Matches[0].Path.Value));
        Assert.Equal((1u, 1000ul), (rule.Backends[0].Weight, rule.RequestTimeoutMs));
        Assert.Equal(("True Accepted", "True ResolvedRefs"), (Condition(result, "Accepted"), Condition(result, "ResolvedRefs")));
        Assert.Empty(result.Problems);
    }

    [Fact]
    public void Missing_service_keeps_its_weight_with_the_reason_and_is_reported_with_its_line()
    {
        var (route, result) = Compile(Route("{ parentRefs: [ { kind: Service, name: web } ], rules: [ { backendRefs: [ { name: web, port: 80 }, { name: gone, port: 80, weight: 3 } ] } ] }"));

        Assert.Equal(3u, route.Rules[0].Backends[1].Weight);
        Assert.StartsWith("BackendNotFound", route.Rules[0].Backends[1].InvalidReason, StringComparison.Ordinal);
        Assert.Equal("False BackendNotFound", Condition(result, "ResolvedRefs"));
        var problem = Assert.Single(result.Problems);
        Assert.Equal(("spec.rules[0].backendRefs[1].name", 14), (problem.Path, problem.Line));
    }

    [Fact]
    public void Backend_of_another_namespace_needs_a_grant_there()
    {
        const string spec = "{ parentRefs: [ { kind: Service, name: web } ], rules: [ { backendRefs: [ { name: pay, namespace: bank, port: 80 } ] } ] }";
        const string grant = "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: { name: g, namespace: bank }\n"
            + "spec: { from: [ { group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop } ], to: [ { group: \"\", kind: Service, name: pay } ] }\n";

        Assert.Equal("False RefNotPermitted", Condition(Compile(Route(spec)).Result, "ResolvedRefs"));
        Assert.Equal("True ResolvedRefs", Condition(Compile(Route(spec) + grant).Result, "ResolvedRefs"));
        Assert.Equal("False RefNotPermitted", Condition(Compile(Route(spec) + grant.Replace("name: pay", "name: other", StringComparison.Ordinal)).Result, "ResolvedRefs"));
    }

    private const string tlsBackend = "rules: [ { backendRefs: [ { name: web, port: 80, weight: 3 }, { name: gone, port: 80 } ] } ]";

    private static string TlsRoute(string spec) => Route(spec).Replace("kind: HTTPRoute", "kind: TLSRoute", StringComparison.Ordinal).Replace("/v1\nkind: TLSRoute", "/v1alpha2\nkind: TLSRoute", StringComparison.Ordinal);

    [Fact]
    public void Tls_route_of_a_service_has_its_names_and_weights_and_says_what_is_missing()
    {
        var result = Documents.Compile(TlsRoute($"{{ parentRefs: [ {{ kind: Service, name: web, port: 443 }} ], hostnames: [ a.example, \"*.b.example\" ], {tlsBackend} }}"));

        var route = Documents.Message<TlsRoute>(result, TypeUrls.TlsRoute, "shop/r");
        Assert.Equal(["a.example", "*.b.example"], route.Hostnames);
        Assert.Equal(443u, Assert.Single(route.Parents).Port);
        Assert.Equal([(3u, ""), (1u, "BackendNotFound: Service shop/gone does not exist")], route.Backends.Select(backend => (backend.Weight, backend.InvalidReason)));
        Assert.Equal(("True Accepted", "False BackendNotFound"), (Condition(result, "Accepted", "TLSRoute"), Condition(result, "ResolvedRefs", "TLSRoute")));
    }

    [Theory]
    [InlineData("{ name: l, port: 443, protocol: TLS, tls: { mode: Passthrough }, hostname: \"*.a.com\" }", "x.a.com", "True Accepted")]
    [InlineData("{ name: l, port: 443, protocol: TLS, tls: { mode: Passthrough } }", "x.a.com", "True Accepted")]
    [InlineData("{ name: l, port: 443, protocol: TLS, tls: { mode: Passthrough }, hostname: \"*.a.com\" }", "a.com", "False NoMatchingListenerHostname")]
    [InlineData("{ name: l, port: 443, protocol: TCP }", "x.a.com", "False NotAllowedByListeners")]
    [InlineData("{ name: l, port: 443, protocol: TLS, tls: { mode: Passthrough }, allowedRoutes: { kinds: [ { kind: HTTPRoute } ] } }", "x.a.com", "False NotAllowedByListeners")]
    public void Tls_route_attaches_to_listeners_of_TLS_with_a_name_in_common(string listener, string host, string accepted)
    {
        var gateway = $"---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: edge, namespace: shop }}\nspec: {{ gatewayClassName: meshd, listeners: [ {listener} ] }}\n";

        var result = Documents.Compile(TlsRoute($"{{ parentRefs: [ {{ name: edge }} ], hostnames: [ {host} ], {tlsBackend} }}") + gateway);
        Assert.Equal(accepted, Condition(result, "Accepted", "TLSRoute"));
    }

    [Fact]
    public void Route_without_an_existing_parent_is_not_in_force()
    {
        var result = Documents.Compile(Route("{ parentRefs: [ { kind: Service, name: gone } ] }"));

        Assert.Empty(result.Graph.OfType(TypeUrls.HttpRoute));
        Assert.Equal("False NoMatchingParent", Condition(result, "Accepted"));
    }

    [Theory]
    [InlineData("{ name: l, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }", "", "True Accepted")]
    [InlineData("{ name: l, port: 80, protocol: HTTP }", "", "False NotAllowedByListeners")]
    [InlineData("{ name: l, port: 80, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }", "", "False NotAllowedByListeners")]
    [InlineData("{ name: l, port: 80, protocol: HTTP, hostname: \"*.a.com\", allowedRoutes: { namespaces: { from: All } } }", "hostnames: [ x.b.com ], ", "False NoMatchingListenerHostname")]
    [InlineData("{ name: l, port: 80, protocol: HTTP, hostname: \"*.a.com\", allowedRoutes: { namespaces: { from: All } } }", "hostnames: [ x.a.com ], ", "True Accepted")]
    public void Gateway_listener_decides_which_routes_attach(string listener, string hostnames, string accepted)
    {
        var gateway = $"---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: edge, namespace: infra }}\nspec: {{ gatewayClassName: meshd, listeners: [ {listener} ] }}\n";

        Assert.Equal(accepted, Condition(Documents.Compile(Route($"{{ {hostnames}parentRefs: [ {{ name: edge, namespace: infra }} ] }}") + gateway), "Accepted"));
    }
}
