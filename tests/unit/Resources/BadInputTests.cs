using Mesh.Resources.Validation;

namespace Mesh.Tests.Unit.Resources;

/// <summary>Each wrong document is told with its line, its field and what to do; none passes, none crashes.</summary>
public sealed class BadInputTests
{
    private const string service = "apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec:\n";
    private const string route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: a }\nspec:\n";
    private const string workload = "apiVersion: mesh.internal/v1\nkind: Workload\nmetadata: { name: a }\nspec:\n";
    private const string policy = "apiVersion: mesh.internal/v1\nkind: AccessPolicy\nmetadata: { name: a }\nspec:\n";

    private const string grpcRoute = "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: { name: a }\nspec:\n";
    private const string tlsRoute = "apiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\nmetadata: { name: a }\nspec:\n";
    private const string gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: a }\nspec:\n  gatewayClassName: meshd\n";
    private const string traffic = "apiVersion: mesh.internal/v1\nkind: TrafficPolicy\nmetadata: { name: a }\nspec:\n";
    private const string telemetry = "apiVersion: mesh.internal/v1\nkind: TelemetryPolicy\nmetadata: { name: a }\nspec:\n";

    [Theory]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: { name: a }", 2, "kind", "unknown kind \"Pod\"")]
    [InlineData("apiVersion: mesh.internal/v1\nkind: RateLimit\nmetadata: { name: a }", 2, "kind", "unknown kind")]
    [InlineData("apiVersion: v2\nkind: Service\nmetadata: { name: a }", 1, "apiVersion", "unknown apiVersion \"v2\"")]
    [InlineData("kind: Service\nmetadata: { name: a }", 1, "apiVersion", "must be given")]
    [InlineData("- 1\n- 2", 1, "", "must be an object")]
    [InlineData(service + "  ports: [ { port: 80, colour: red } ]", 5, "spec.ports[0].colour", "unknown field")]
    [InlineData(service + "  ports: [ { Port: 80, port: 80 } ]", 5, "spec.ports[0].Port", "did you mean \"port\"")]
    [InlineData(service + "  ports: [ { port: http } ]", 5, "spec.ports[0].port", "must be a whole number")]
    [InlineData(service + "  ports: [ { port: 0 } ]", 5, "spec.ports[0].port", "between 1 and 65535")]
    [InlineData(service + "  ports: [ { port: 65536 } ]", 5, "spec.ports[0].port", "between 1 and 65535")]
    [InlineData(service + "  ports: []", 5, "spec.ports", "at least 1 item")]
    [InlineData(service + "  ports: [ { port: 80, name: a }, { port: 80, name: b } ]", 5, "spec.ports[1]", "repeats port, protocol")]
    [InlineData(service + "  ports: [ { port: 80 }, { port: 81 } ]", 5, "spec.ports", "must have a name")]
    [InlineData(service + "  ports: [ { port: 53, protocol: UDP } ]", 5, "spec.ports[0].protocol", "\"UDP\" is not supported yet")]
    [InlineData(service + "  ports: [ { port: 80 } ]\n  type: LoadBalancer", 6, "spec.type", "not supported yet")]
    [InlineData(service + "  ports: [ { port: 80, appProtocol: carrier-pigeon } ]", 5, "spec.ports[0].appProtocol", "must be one of")]
    [InlineData(service + "  selector: app\n  ports: [ { port: 80 } ]", 5, "spec.selector", "must be a map")]
    [InlineData("apiVersion: v1\nkind: Service\nmetadata: { name: Not_DNS }\nspec: { ports: [ { port: 80 } ] }", 3, "metadata.name", "DNS label")]
    [InlineData("apiVersion: v1\nkind: Service\nmetadata: { name: a, labels: { \"b c\": d } }\nspec: { ports: [ { port: 80 } ] }", 3, "metadata.labels[b c]", "key must be")]
    [InlineData("apiVersion: v1\nkind: Service\nmetadata: { name: a, finalizers: [ x ] }\nspec: { ports: [ { port: 80 } ] }", 3, "metadata.finalizers", "not supported yet")]
    [InlineData("apiVersion: v1\nkind: Namespace\nmetadata: { name: a, namespace: b }", 3, "metadata.namespace", "must be absent")]
    [InlineData(route + "  rules: [ { backendRefs: [ { name: b, port: 80, weight: 0 }, { name: c, port: 80, weight: 0 } ] } ]", 5, "spec.rules[0].backendRefs", "weights all zero")]
    [InlineData(route + "  rules: [ { backendRefs: [ { name: b, port: 80, weight: -1 } ] } ]", 5, "spec.rules[0].backendRefs[0].weight", "between 0 and 1000000")]
    [InlineData(route + "  rules: [ { backendRefs: [ { name: b, port: 80, weight: 1000001 } ] } ]", 5, "spec.rules[0].backendRefs[0].weight", "between 0 and 1000000")]
    [InlineData(route + "  rules: [ { backendRefs: [ { name: b } ] } ]", 5, "spec.rules[0].backendRefs[0].port", "must be given")]
    [InlineData(route + "  rules: [ { timeouts: { request: 10 } } ]", 5, "spec.rules[0].timeouts.request", "must be text")]
    [InlineData(route + "  rules: [ { timeouts: { request: 1.5s } } ]", 5, "spec.rules[0].timeouts.request", "must be a duration")]
    [InlineData(route + "  rules: [ { timeouts: { request: 1s, backendRequest: 2s } } ]", 5, "spec.rules[0].timeouts.backendRequest", "must not be longer")]
    [InlineData(route + "  rules: [ { matches: [ { path: { value: no-slash } } ] } ]", 5, "spec.rules[0].matches[0].path.value", "must start with '/'")]
    [InlineData(route + "  rules: [ { matches: [ { path: { type: RegularExpression, value: \"(a)\\\\1\" } } ] } ]", 5, "spec.rules[0].matches[0].path.value", "linear time")]
    [InlineData(route + "  rules: [ { filters: [ { type: RequestMirror } ] } ]", 5, "spec.rules[0].filters[0].type", "not supported yet")]
    [InlineData(route + "  rules: [ { filters: [ { type: URLRewrite } ] } ]", 5, "spec.rules[0].filters[0].urlRewrite", "must be given")]
    [InlineData(route + "  rules: [ { sessionPersistence: { } } ]", 5, "spec.rules[0].sessionPersistence", "not supported yet")]
    [InlineData(route + "  hostnames: [ 10.0.0.1 ]", 5, "spec.hostnames[0]", "addresses are not allowed")]
    [InlineData(workload + "  addresses: [ 1.2.3 ]", 5, "spec.addresses[0]", "IPv4 or IPv6 address")]
    [InlineData(workload + "  addresses: [ 10.0.0.1 ]\n  weight: 1001", 6, "spec.weight", "between 0 and 1000")]
    [InlineData(workload + "  addresses: [ 10.0.0.1 ]\n  tunnel: hbone", 6, "spec.tunnel", "must be one of HBONE, Direct, None")]
    [InlineData(policy + "  rules: [ { from: [ { ipBlocks: [ 10.0.0.1/8 ] } ] } ]", 5, "spec.rules[0].from[0].ipBlocks[0]", "bits set beyond its prefix")]
    [InlineData(policy + "  rules: [ { from: [ { principals: [ \"a*b\" ] } ] } ]", 5, "spec.rules[0].from[0].principals[0]", "a '*' elsewhere")]
    [InlineData(policy + "  rules: [ { from: [ { } ] } ]", 5, "spec.rules[0].from[0]", "would match everything")]
    [InlineData(policy + "  rules: [ { when: [ { claim: a } ] } ]", 5, "spec.rules[0].when", "not supported yet")]
    [InlineData(policy + "  action: Audit", 5, "spec.action", "not supported yet")]
    [InlineData(policy + "  selector: { }", 5, "spec.selector", "must have matchLabels")]
    [InlineData(policy + "  targetRefs: [ { kind: Namespace, name: other } ]", 5, "spec.targetRefs[0].name", "own namespace")]
    public void Wrong_document_is_refused_with_line_field_and_reason(string yaml, int line, string path, string reason)
    {
        var loaded = Documents.Load(yaml);

        Assert.Empty(loaded.Resources);
        var error = Assert.Single(loaded.Errors, error => error.Path == path && error.Message.Contains(reason, StringComparison.Ordinal));
        Assert.Equal(("shop.yaml", line), (error.File, error.Line));
    }

    [Theory]
    [InlineData(telemetry + "  selector: { matchLabels: { a: b } }", 4, "spec", "must have accessLog or tracing")]
    [InlineData(telemetry + "  accessLog: { sampling: 100.5 }", 5, "spec.accessLog.sampling", "must be between 0 and 100, is 100.5")]
    [InlineData(telemetry + "  accessLog: { sampling: -1 }", 5, "spec.accessLog.sampling", "must be between 0 and 100")]
    [InlineData(telemetry + "  accessLog: { sampling: all }", 5, "spec.accessLog.sampling", "must be a number")]
    [InlineData(telemetry + "  accessLog: { format: XML }", 5, "spec.accessLog.format", "must be one of JSON, Text")]
    [InlineData(telemetry + "  accessLog: { filter: { } }", 5, "spec.accessLog.filter", "must have minStatus or minDuration")]
    [InlineData(telemetry + "  accessLog: { filter: { minStatus: 99 } }", 5, "spec.accessLog.filter.minStatus", "between 100 and 599")]
    [InlineData(telemetry + "  accessLog: { labels: { Team: a } }", 5, "spec.accessLog.labels[Team]", "lower case letters")]
    [InlineData(telemetry + "  accessLog: { sample: 1 }", 5, "spec.accessLog.sample", "unknown field")]
    [InlineData(telemetry + "  tracing: { sampling: 1, provider: x }", 5, "spec.tracing.provider", "unknown field")]
    [InlineData(telemetry + "  targetRefs: [ { kind: Service, name: a } ]\n  tracing: { }", 5, "spec.targetRefs[0].kind", "must be one of Workload, Namespace")]
    [InlineData(telemetry + "  targetRefs: [ { kind: Workload, name: a, sectionName: 80 } ]\n  tracing: { }", 5, "spec.targetRefs[0].sectionName", "whole workloads")]
    public void Wrong_telemetry_policy_is_refused_with_line_field_and_reason(string yaml, int line, string path, string reason) =>
        Wrong_document_is_refused_with_line_field_and_reason(yaml, line, path, reason);

    [Theory]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { method: { } } ] } ]", 5, "spec.rules[0].matches[0].method", "must have service or method")]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { method: { service: \"\" } } ] } ]", 5, "spec.rules[0].matches[0].method", "must have service or method")]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { method: { service: a/b } } ] } ]", 5, "spec.rules[0].matches[0].method.service", "full name of a service")]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { method: { service: a..b } } ] } ]", 5, "spec.rules[0].matches[0].method.service", "full name of a service")]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { method: { method: Get.X } } ] } ]", 5, "spec.rules[0].matches[0].method.method", "name of a method")]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { method: { type: RegularExpression, service: \"(\" } } ] } ]", 5, "spec.rules[0].matches[0].method.service", "linear time")]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { method: { type: Prefix, service: a } } ] } ]", 5, "spec.rules[0].matches[0].method.type", "must be one of Exact, RegularExpression")]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { path: { value: / } } ] } ]", 5, "spec.rules[0].matches[0].path", "unknown field")]
    [InlineData(grpcRoute + "  rules: [ { matches: [ { headers: [ { name: a, value: b }, { name: a, value: c } ] } ] } ]", 5, "spec.rules[0].matches[0].headers[1]", "repeats name")]
    [InlineData(grpcRoute + "  rules: [ { timeouts: { request: 1s } } ]", 5, "spec.rules[0].timeouts", "unknown field")]
    [InlineData(grpcRoute + "  rules: [ { sessionPersistence: { } } ]", 5, "spec.rules[0].sessionPersistence", "not supported yet")]
    [InlineData(grpcRoute + "  rules: [ { filters: [ { type: RequestMirror } ] } ]", 5, "spec.rules[0].filters[0].type", "\"RequestMirror\" is not supported yet")]
    [InlineData(grpcRoute + "  rules: [ { filters: [ { type: URLRewrite, urlRewrite: { } } ] } ]", 5, "spec.rules[0].filters[0].type", "must be one of RequestHeaderModifier, ResponseHeaderModifier")]
    [InlineData(grpcRoute + "  rules: [ { backendRefs: [ { name: a, port: 1, weight: 0 } ] } ]", 5, "spec.rules[0].backendRefs", "weights all zero")]
    public void Wrong_grpc_route_is_refused_with_line_field_and_reason(string yaml, int line, string path, string reason) =>
        Wrong_document_is_refused_with_line_field_and_reason(yaml, line, path, reason);

    [Theory]
    [InlineData(tlsRoute + "  rules: []", 5, "spec.rules", "at least 1 item")]
    [InlineData(tlsRoute + "  rules: [ { } ]", 5, "spec.rules[0].backendRefs", "must be given")]
    [InlineData(tlsRoute + "  rules: [ { matches: [ ] } ]", 5, "spec.rules[0].matches", "unknown field")]
    [InlineData(tlsRoute + "  hostnames: [ 10.0.0.1 ]", 5, "spec.hostnames[0]", "addresses are not allowed")]
    [InlineData(tlsRoute + "  hostnames: [ \"a.*.b\" ]", 5, "spec.hostnames[0]", "must be a DNS name")]
    [InlineData(gateway + "  listeners: [ { name: l, port: 443, protocol: TLS } ]", 6, "spec.listeners[0].tls", "mode: Passthrough")]
    [InlineData(gateway + "  listeners: [ { name: l, port: 443, protocol: TLS, tls: { } } ]", 6, "spec.listeners[0].tls.mode", "\"Terminate\" is not supported yet")]
    [InlineData(gateway + "  listeners: [ { name: l, port: 443, protocol: TLS, tls: { mode: Passthrough, certificateRefs: [ ] } } ]", 6, "spec.listeners[0].tls.certificateRefs", "not supported yet")]
    [InlineData(gateway + "  listeners: [ { name: l, port: 80, protocol: HTTP, tls: { mode: Passthrough } } ]", 6, "spec.listeners[0].tls", "must be absent for protocol HTTP")]
    [InlineData(gateway + "  listeners: [ { name: l, port: 80, protocol: TCP, hostname: a.b } ]", 6, "spec.listeners[0].hostname", "must be absent for protocol TCP")]
    [InlineData(gateway + "  listeners: [ { name: l, port: 443, protocol: TLS, tls: { mode: Passthrough } }, { name: m, port: 443, protocol: TLS, tls: { mode: Passthrough } } ]", 6, "spec.listeners", "share port 443")]
    [InlineData(gateway + "  listeners: [ { name: l, port: 443, protocol: HTTP, hostname: a.b }, { name: m, port: 443, protocol: TLS, tls: { mode: Passthrough } } ]", 6, "spec.listeners", "share port 443")]
    [InlineData(traffic + "  proxyProtocol: { }", 5, "spec.proxyProtocol", "must have send or acceptFrom")]
    [InlineData(traffic + "  proxyProtocol: { send: V1 }", 5, "spec.proxyProtocol.send", "\"V1\" is not supported yet")]
    [InlineData(traffic + "  proxyProtocol: { acceptFrom: [ 10.0.0.0/8 ] }", 5, "spec.proxyProtocol.acceptFrom", "needs targetRefs that are all Gateways")]
    [InlineData(traffic + "  proxyProtocol: { acceptFrom: [ 10.0.0.1/8 ] }\n  targetRefs: [ { kind: Gateway, name: g } ]", 5, "spec.proxyProtocol.acceptFrom[0]", "bits set beyond its prefix")]
    [InlineData(traffic + "  proxyProtocol: { acceptFrom: [ ] }\n  targetRefs: [ { kind: Gateway, name: g } ]", 5, "spec.proxyProtocol.acceptFrom", "at least 1 item")]
    [InlineData(traffic + "  proxyProtocol: { send: V2 }\n  targetRefs: [ { kind: Gateway, name: g } ]", 5, "spec.proxyProtocol.send", "must be absent for a Gateway")]
    [InlineData(traffic + "  timeouts: { idle: 1s }\n  targetRefs: [ { kind: Gateway, name: g } ]", 5, "spec.timeouts", "must be absent for a Gateway")]
    [InlineData(traffic + "  proxyProtocol: { acceptFrom: [ 10.0.0.0/8 ] }\n  targetRefs: [ { kind: Gateway, name: g, sectionName: 80 } ]", 6, "spec.targetRefs[0].sectionName", "name of a listener")]
    [InlineData(traffic + "  timeouts: { idle: 1s }\n  targetRefs: [ { kind: Service, group: gateway.networking.k8s.io, name: g } ]", 6, "spec.targetRefs[0].group", "must be \"\" for kind Service")]
    public void Wrong_layer_4_configuration_is_refused_with_line_field_and_reason(string yaml, int line, string path, string reason) =>
        Wrong_document_is_refused_with_line_field_and_reason(yaml, line, path, reason);

    [Fact]
    public void Malformed_yaml_is_told_with_its_line_and_documents_before_it_survive()
    {
        var loaded = Documents.Load("apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n---\nfoo: [ bar\n");

        Assert.Equal("a", Assert.Single(loaded.Resources).Name);
        var error = Assert.Single(loaded.Errors);
        Assert.Equal(ErrorReason.Malformed, error.Reason);
        Assert.InRange(error.Line, 5, 6);
    }

    [Fact]
    public void Every_error_of_every_document_is_reported()
    {
        var loaded = Documents.Load(service + "  ports: [ { port: 0, x: 1 }, { port: a } ]\n---\n" + workload + "  y: 2");

        Assert.Equal(
            ["spec.addresses", "spec.ports", "spec.ports[0].port", "spec.ports[0].x", "spec.ports[1].port", "spec.y"],
            loaded.Errors.Select(error => error.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Same_name_twice_is_refused_naming_the_first()
    {
        var loaded = Documents.Load("apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n");

        var error = Assert.Single(loaded.Errors);
        Assert.Equal(ErrorReason.Duplicate, error.Reason);
        Assert.Contains("shop.yaml:3", error.Message, StringComparison.Ordinal);
        Assert.Equal(7, error.Line);
    }

    [Fact]
    public void Key_given_twice_is_refused() =>
        Assert.Contains(Documents.Load("kind: a\nkind: b").Errors, error => error is { Path: "kind", Line: 2, Reason: ErrorReason.Duplicate });

    [Fact]
    public void Aliases_that_multiply_are_stopped()
    {
        var bomb = "a0: &a0 [ x, x, x, x, x, x, x, x, x, x ]\n";
        for (var i = 1; i < 9; i++)
            bomb += $"a{i}: &a{i} [ {string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))} ]\n";

        Assert.Contains(Documents.Load(bomb).Errors, error => error.Message.Contains("counting aliases", StringComparison.Ordinal));
    }

    [Fact]
    public void Nesting_without_end_is_stopped() =>
        Assert.Contains(Documents.Load(new string('[', 5000)).Errors, error => error.Reason == ErrorReason.Malformed);

    [Fact]
    public void A_document_cut_at_any_byte_never_crashes()
    {
        var whole = System.Text.Encoding.UTF8.GetBytes(route + "  rules: [ { backendRefs: [ { name: \"ü\", port: 80 } ], timeouts: { request: 10s } } ]\n");
        for (var length = 0; length < whole.Length; length++)
            _ = Mesh.Resources.Reading.ResourceLoader.Load(whole.AsSpan(0, length), "cut.yaml");
    }
}
