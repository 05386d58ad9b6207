using Mesh.Protocol.Config;
using Mesh.Resources.Compile;

namespace Mesh.Tests.Unit.Resources;

public sealed class PolicyCompilerTests
{
    private static string Access(string spec, string space = "shop") => $"apiVersion: mesh.internal/v1\nkind: AccessPolicy\nmetadata: {{ name: p, namespace: {space} }}\nspec: {spec}\n";

    private static AccessPolicy Compile(string yaml, string name = "shop/p") => Documents.Message<AccessPolicy>(Documents.Compile(yaml), TypeUrls.AccessPolicy, name);

    [Fact]
    public void Account_without_namespace_belongs_to_the_policys_and_patterns_keep_their_kind()
    {
        var policy = Compile(Access("{ rules: [ { from: [ { serviceAccounts: [ web, ops/root ], principals: [ \"*\", \"a/*\", \"*/b\", c ] } ] } ] }"));

        var from = policy.Rules[0].From[0];
        Assert.Equal(["shop/web", "ops/root"], from.ServiceAccounts);
        Assert.Equal(
            [(StringMatch.Types.Kind.Present, ""), (StringMatch.Types.Kind.Prefix, "a/"), (StringMatch.Types.Kind.Suffix, "/b"), (StringMatch.Types.Kind.Exact, "c")],
            from.Principals.Select(match => (match.Kind, match.Value)));
    }

    [Fact]
    public void Conditions_on_redis_commands_are_kept()
    {
        var redis = Compile(Access("{ rules: [ { to: [ { redis: { commands: [ get, \"config|set\", \"@read\", json.get ], notCommands: [ \"@admin\" ], keyPrefixes: [ \"cart:\" ], notKeyPrefixes: [ \"cart:x\" ] } } ] } ] }")).Rules[0].To[0].Redis;
        Assert.Equal(["get", "config|set", "@read", "json.get"], redis.Commands);
        Assert.Equal(("@admin", "cart:", "cart:x"), (redis.NotCommands[0], redis.KeyPrefixes[0], redis.NotKeyPrefixes[0]));
    }

    [Theory]
    [InlineData("{ }", "spec.rules[0].to[0].redis")]
    [InlineData("{ commands: [ \"@none\" ] }", "spec.rules[0].to[0].redis.commands[0]")]
    [InlineData("{ commands: [ \"get a\" ] }", "spec.rules[0].to[0].redis.commands[0]")]
    [InlineData("{ commands: [ \"a|b|c\" ] }", "spec.rules[0].to[0].redis.commands[0]")]
    [InlineData("{ keyPrefixes: [ \"\" ] }", "spec.rules[0].to[0].redis.keyPrefixes[0]")]
    [InlineData("{ keys: [ a ] }", "spec.rules[0].to[0].redis.keys")]
    public void Conditions_on_redis_commands_that_mean_nothing_are_refused(string redis, string field)
    {
        var errors = Documents.Load(Access($"{{ rules: [ {{ to: [ {{ redis: {redis} }} ] }} ] }}")).Errors;
        Assert.Contains(errors, error => error.ToString().Contains(field, StringComparison.Ordinal));
    }

    [Fact]
    public void Policy_without_target_means_its_namespace_and_in_the_root_namespace_the_mesh()
    {
        Assert.Equal(new Target(), Assert.Single(Compile(Access("{ }")).Targets));
        Assert.Equal(new Target { Mesh = true }, Assert.Single(Compile(Access("{ }", "mesh-system"), "mesh-system/p").Targets));
    }

    [Fact]
    public void Selector_and_references_become_targets()
    {
        const string service = "---\napiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { ports: [ { name: http, port: 80 } ] }\n";

        Assert.Equal("web", Compile(Access("{ selector: { matchLabels: { app: web } } }")).Targets[0].Selector["app"]);
        var target = Compile(Access("{ targetRefs: [ { kind: Service, name: web, sectionName: http } ] }") + service).Targets[0];
        Assert.Equal(("shop/web", 80u), (target.Service, target.Port));
    }

    [Fact]
    public void Policy_whose_only_port_cannot_be_found_is_left_out_rather_than_widened()
    {
        var result = Documents.Compile(Access("{ targetRefs: [ { kind: Service, name: gone, sectionName: http } ] }"));

        Assert.Empty(result.Graph.OfType(TypeUrls.AccessPolicy));
        Assert.NotEmpty(result.Problems);
    }

    [Fact]
    public void Traffic_and_mtls_policies_carry_their_values()
    {
        var result = Documents.Compile("""
            apiVersion: mesh.internal/v1
            kind: TrafficPolicy
            metadata: { name: t }
            spec: { targetRefs: [ { kind: Service, name: web } ], loadBalancing: { algorithm: RoundRobin }, timeouts: { connect: 250ms }, retries: { attempts: 1 } }
            ---
            apiVersion: mesh.internal/v1
            kind: MtlsPolicy
            metadata: { name: m }
            spec: { ports: { "9000": { mode: Permissive } } }
            """);

        var traffic = Documents.Message<TrafficPolicy>(result, TypeUrls.TrafficPolicy, "default/t");
        Assert.Equal((TrafficPolicy.Types.LoadBalancer.RoundRobin, 250ul, 1u, true), (traffic.LoadBalancer, traffic.ConnectTimeoutMs, traffic.Retries.Attempts, traffic.Retries.OnConnectFailure));
        var mtls = Documents.Message<MtlsPolicy>(result, TypeUrls.MtlsPolicy, "default/m");
        Assert.Equal((MtlsPolicy.Types.Mode.Strict, MtlsPolicy.Types.Mode.Permissive), (mtls.Mode, mtls.Ports[9000]));
    }

    [Theory]
    [InlineData("service: replicas", 6379u, 1000ul)]
    [InlineData("service: replicas, port: redis, afterWrite: 0s", 6379u, 0ul)]
    [InlineData("service: many, port: redis-b, afterWrite: 250ms", 2u, 250ul)]
    [InlineData("service: many, port: 1", 1u, 1000ul)]
    public void Read_replicas_are_resolved_to_a_port_of_Redis(string replicas, uint port, ulong afterWriteMs)
    {
        var result = Documents.Compile(Spread("cache", replicas));
        Assert.Empty(result.Problems);
        var resolved = Documents.Message<TrafficPolicy>(result, TypeUrls.TrafficPolicy, "default/t").RedisReadReplicas;
        Assert.Equal((port, afterWriteMs), (resolved.Port, resolved.AfterWriteMs));
    }

    [Theory]
    [InlineData("cache", "service: gone", "ReplicasNotFound", "Service default/gone does not exist")]
    [InlineData("cache", "service: web", "NotRedis", "spec.redis.readReplicas.service")]
    [InlineData("cache", "service: web, port: 80", "NotRedis", "is not declared as Redis")]
    [InlineData("cache", "service: many", "ReplicasNotFound", "must say which of 1, 2")]
    [InlineData("cache", "service: many, port: 7", "ReplicasNotFound", "has no port 7")]
    [InlineData("web", "service: replicas", "NotRedis", "spec.targetRefs[0]")]
    public void Read_replicas_that_cannot_be_found_are_left_out_and_the_status_says_why(string target, string replicas, string reason, string message)
    {
        var result = Documents.Compile(Spread(target, replicas));
        Assert.Null(Documents.Message<TrafficPolicy>(result, TypeUrls.TrafficPolicy, "default/t").RedisReadReplicas);
        var condition = result.Statuses.Single(static status => status.Key.Kind == "TrafficPolicy").Value["conditions"]![0]!;
        Assert.Equal(("False", reason), (condition["status"]!.ToString(), condition["reason"]!.ToString()));
        Assert.Contains(message, condition["message"]!.ToString());
        Assert.Contains(message, Assert.Single(result.Problems).ToString());
    }

    [Theory]
    [InlineData("redis: { readReplicas: { service: r } }", "spec.redis")]
    [InlineData("targetRefs: [ { kind: Namespace, name: default } ], redis: { readReplicas: { service: r } }", "spec.redis")]
    [InlineData("targetRefs: [ { kind: Gateway, name: g } ], redis: { readReplicas: { service: r } }", "spec.redis")]
    [InlineData("targetRefs: [ { kind: Service, name: r } ], redis: { readReplicas: { service: r } }", "spec.redis.readReplicas.service")]
    [InlineData("targetRefs: [ { kind: Service, name: c } ], redis: { }", "spec.redis.readReplicas")]
    [InlineData("targetRefs: [ { kind: Service, name: c } ], redis: { readReplicas: { service: r, afterWrite: soon } }", "spec.redis.readReplicas.afterWrite")]
    [InlineData("targetRefs: [ { kind: Service, name: c } ], redis: { readReplicas: { service: other/r } }", "spec.redis.readReplicas.service")]
    [InlineData("targetRefs: [ { kind: Service, name: c } ], redis: { readReplicas: { service: r, weight: 1 } }", "spec.redis.readReplicas.weight")]
    public void Read_replicas_that_mean_nothing_are_refused(string spec, string field)
    {
        var errors = Documents.Load($"apiVersion: mesh.internal/v1\nkind: TrafficPolicy\nmetadata: {{ name: t }}\nspec: {{ {spec} }}").Errors;
        Assert.Contains(errors, error => error.ToString().Contains(field, StringComparison.Ordinal));
    }

    private static string Spread(string target, string replicas) => $$"""
        apiVersion: v1
        kind: Service
        metadata: { name: cache }
        spec: { ports: [ { name: redis, port: 6379 }, { name: http-metrics, port: 9121 } ] }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: replicas }
        spec: { ports: [ { name: redis, port: 6379 }, { name: http-metrics, port: 9121 } ] }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: many }
        spec: { ports: [ { name: redis-a, port: 1 }, { name: redis-b, port: 2 } ] }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: web }
        spec: { ports: [ { name: http, port: 80 } ] }
        ---
        apiVersion: mesh.internal/v1
        kind: TrafficPolicy
        metadata: { name: t }
        spec: { targetRefs: [ { kind: Service, name: {{target}} } ], redis: { readReplicas: { {{replicas}} } } }
        """;

    [Fact]
    public void Telemetry_policy_carries_its_values_and_defaults()
    {
        var result = Documents.Compile("""
            apiVersion: mesh.internal/v1
            kind: TelemetryPolicy
            metadata: { name: full, namespace: mesh-system }
            spec:
              accessLog: { format: JSON, sampling: 0.5, logErrors: false, filter: { minStatus: 400, minDuration: 250ms }, labels: { team: shop, area: eu } }
              tracing: { enabled: false, sampling: 12.5 }
            ---
            apiVersion: mesh.internal/v1
            kind: TelemetryPolicy
            metadata: { name: bare, namespace: shop }
            spec: { selector: { matchLabels: { app: web } }, accessLog: { }, tracing: { } }
            """);

        var full = Documents.Message<TelemetryPolicy>(result, TypeUrls.TelemetryPolicy, "mesh-system/full");
        Assert.Equal((AccessLogSettings.Types.Format.Json, 5_000u, false), (full.AccessLog.Format, full.AccessLog.SamplingPpm, full.AccessLog.LogErrors));
        Assert.Equal((400u, 250ul), (full.AccessLog.Filter.MinStatus, full.AccessLog.Filter.MinDurationMs));
        Assert.Equal(["area=eu", "team=shop"], full.AccessLog.Labels.Select(label => $"{label.Name}={label.Value}"));
        Assert.Equal((125_000u, true, true), (full.Tracing.SamplingPpm, full.Tracing.Disabled, full.Targets[0].Mesh));
        var bare = Documents.Message<TelemetryPolicy>(result, TypeUrls.TelemetryPolicy, "shop/bare");
        Assert.Equal((AccessLogSettings.Types.Format.OfDaemon, 1_000_000u, true), (bare.AccessLog.Format, bare.AccessLog.SamplingPpm, bare.AccessLog.LogErrors));
        Assert.Equal((10_000u, false, "web"), (bare.Tracing.SamplingPpm, bare.Tracing.Disabled, bare.Targets[0].Selector["app"]));
    }
}
