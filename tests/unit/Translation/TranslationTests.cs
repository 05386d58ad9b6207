using System.Net;
using Google.Protobuf;
using Mesh.Control.Config;
using Mesh.Control.Translation;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Control;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Policy;
using Health = Mesh.Protocol.Config.Health;
using AccessPolicy = Mesh.Protocol.Config.AccessPolicy;
using Wire = Mesh.Protocol.Config;

namespace Mesh.Tests.Unit.Translation;

public sealed class TranslationTests
{
    private static readonly SpiffeId Anyone = new("cluster.local", "x", "y");

    [Fact]
    public void Service_has_the_healthy_endpoints_of_its_workloads_at_their_target_ports()
    {
        var sick = Workload("sick", "10.0.0.2");
        sick.Health = Health.Unhealthy;
        var idle = Workload("idle", "10.0.0.3");
        idle.Weight = 0;
        var snapshot = Translate(Workload("well", "10.0.0.1"), sick, idle, Service());
        var port = snapshot.FindServicePort("shop/cart", 80)!;
        Assert.Equal(["10.0.0.1:8080"], port.Endpoints.Select(static e => e.Target.ToString()));
        Assert.Same(snapshot.ServicesByKey["shop/cart"], snapshot.ServicesByAddress[Ip.Parse("240.240.0.1")]);
        Assert.Same(snapshot.ServicesByKey["shop/cart"], snapshot.ServicesByHost["cart.shop.mesh"]);
        Assert.Null(snapshot.FindServicePort("shop/cart", 81));
        Assert.Equal("cart.shop.mesh", snapshot.WorkloadsByUid["shop/well"].Ports[8080].Hostname);
    }

    [Fact]
    public void State_of_an_endpoint_outlives_the_snapshot()
    {
        var translator = new SnapshotTranslator(1, new Random(1));
        var changes = Changes(Workload("w", "10.0.0.1"), Service());
        var first = translator.Apply(changes, "t").FindServicePort("shop/cart", 80)!.Endpoints[0].State;
        Assert.Same(first, translator.Apply(changes, "t").FindServicePort("shop/cart", 80)!.Endpoints[0].State);
    }

    public static TheoryData<string, Target, int[]> Targets => new()
    {
        { "shop", new Target(), [8080, 9090] },
        { "other", new Target(), [] },
        { "shop", new Target { Port = 9090 }, [9090] },
        { "shop", new Target { Selector = { ["app"] = "cart" } }, [8080, 9090] },
        { "shop", new Target { Selector = { ["app"] = "else" } }, [] },
        { "other", new Target { Selector = { ["app"] = "cart" } }, [] },
        { "shop", new Target { Service = "shop/cart" }, [8080] },
        { "shop", new Target { Service = "shop/cart", Port = 80 }, [8080] },
        { "shop", new Target { Service = "shop/cart", Port = 8080 }, [] },
        { "shop", new Target { Service = "shop/none" }, [] },
        { "other", new Target { Workload = "shop/w" }, [8080, 9090] },
        { "other", new Target { Workload = "shop/x" }, [] },
        { "other", new Target { Mesh = true }, [8080, 9090] },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void Access_policy_concerns_the_ports_that_its_target_names(string space, Target target, int[] ports)
    {
        var policy = new AccessPolicy { Namespace = space, Name = "p", Action = AccessPolicy.Types.Action.Deny, Targets = { target }, Rules = { new Wire.AccessRule() } };
        var inbound = Translate(Workload("w", "10.0.0.1"), Service(), policy).WorkloadsByUid["shop/w"].Policy;
        Assert.Equal(ports, new[] { 8080, 9090 }.Where(port => !inbound.Decide(Question(Anyone, port)).Allowed));
    }

    [Fact]
    public void Most_specific_mtls_policy_is_in_force_and_ports_may_differ()
    {
        var inbound = Translate(Workload("w", "10.0.0.1"), Service(),
            Mtls("mesh", new Target { Mesh = true }, MtlsPolicy.Types.Mode.Permissive),
            Mtls("space", new Target(), MtlsPolicy.Types.Mode.Permissive),
            Mtls("selector", new Target { Selector = { ["app"] = "cart" } }, MtlsPolicy.Types.Mode.Strict, (9090, MtlsPolicy.Types.Mode.Permissive))).WorkloadsByUid["shop/w"].Policy;
        Assert.Equal("shop/selector", inbound.Mtls.Name);
        Assert.Equal((true, false), (inbound.Mtls.IsStrict(8080), inbound.Mtls.IsStrict(9090)));
    }

    [Fact]
    public void Policies_without_targets_concern_nothing_and_break_nothing()
    {
        var snapshot = Translate(Workload("w", "10.0.0.1"), Service(), new MtlsPolicy { Namespace = "shop", Name = "m", Mode = MtlsPolicy.Types.Mode.Permissive },
            new TrafficPolicy { Namespace = "shop", Name = "t", RequestTimeoutMs = 1 });
        Assert.True(snapshot.WorkloadsByUid["shop/w"].Policy.Mtls.IsStrict(80));
        Assert.Equal(TimeSpan.Zero, snapshot.FindServicePort("shop/cart", 80)!.Traffic.RequestTimeout);
    }

    [Fact]
    public void Traffic_policy_of_the_port_beats_that_of_the_service_and_the_namespace()
    {
        var snapshot = Translate(Workload("w", "10.0.0.1"), Service(), Timeout("a", new Target(), 1), Timeout("b", new Target { Service = "shop/cart" }, 2),
            Timeout("c", new Target { Service = "shop/cart", Port = 80 }, 3), Timeout("d", new Target { Mesh = true }, 4));
        Assert.Equal(TimeSpan.FromMilliseconds(3), snapshot.FindServicePort("shop/cart", 80)!.Traffic.RequestTimeout);
    }

    [Fact]
    public void Tls_listener_takes_of_a_routes_names_those_that_are_its_own()
    {
        var snapshot = Translate(
            new Gateway { Namespace = "shop", Name = "g", Listeners = { new GatewayListener { Name = "l", Port = 443, Protocol = GatewayListener.Types.Protocol.Tls, Hostname = "*.a.example" } } },
            Tls("named", "x.a.example", "x.b.example"), Tls("wide", "*.example"), Tls("any"));
        var routes = snapshot.Gateways[0].Listeners[0].TlsRoutes!;
        Assert.Equal(["shop/named", "shop/any", null, null], new[] { "x.a.example", "y.a.example", "x.b.example", "" }.Select(name => routes.Match(System.Text.Encoding.ASCII.GetBytes(name))?.RouteKey));

        static TlsRoute Tls(string name, params string[] hosts)
        {
            var route = new TlsRoute { Namespace = "shop", Name = name, Parents = { new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = "shop/g", Section = "l" } } };
            route.Hostnames.AddRange(hosts);
            return route;
        }
    }

    [Fact]
    public void Listeners_policy_on_the_PROXY_protocol_beats_the_gateways_and_concerns_no_service()
    {
        var snapshot = Translate(Workload("w", "10.0.0.1"), Service(),
            new Gateway { Namespace = "shop", Name = "g", Listeners = { Listener("l"), Listener("m") } },
            Accept("all", new Target { Gateway = "shop/g" }, "10.0.0.0/8"), Accept("one", new Target { Gateway = "shop/g", Listener = "m" }, "192.0.2.0/24"));
        Assert.Equal(["10.0.0.0/8", "192.0.2.0/24"], snapshot.Gateways[0].Listeners.Select(static listener => Assert.Single(listener.ProxyProtocolFrom).ToString()));
        Assert.Equal(TrafficSettings.Default, snapshot.FindServicePort("shop/cart", 80)!.Traffic);

        static GatewayListener Listener(string name) => new() { Name = name, Port = 80, Protocol = GatewayListener.Types.Protocol.Tcp };
        static TrafficPolicy Accept(string name, Target target, string block) =>
            new() { Namespace = "shop", Name = name, Targets = { target }, ProxyProtocol = new Wire.ProxyProtocol { AcceptFrom = { block } } };
    }

    [Fact]
    public void PROXY_header_is_sent_to_the_ports_behind_the_service_that_the_policy_names()
    {
        var policy = new TrafficPolicy
        {
            Namespace = "shop",
            Name = "p",
            IdleTimeoutMs = 5000,
            Targets = { new Target { Service = "shop/cart" } },
            ProxyProtocol = new Wire.ProxyProtocol { Send = Wire.ProxyProtocol.Types.Version.V2 },
        };
        var snapshot = Translate(Workload("w", "10.0.0.1"), Service(), policy);
        var workload = snapshot.WorkloadsByUid["shop/w"];
        Assert.Equal((true, false), (snapshot.SendsProxyHeader(workload, 8080), snapshot.SendsProxyHeader(workload, 9090)));
        Assert.Equal(TimeSpan.FromSeconds(5), snapshot.FindServicePort("shop/cart", 80)!.Traffic.IdleTimeout);
        Assert.False(Translate(Workload("w", "10.0.0.1"), Service()).SendsProxyHeader(workload, 8080));
    }

    [Fact]
    public void Reads_of_Redis_may_go_to_the_service_that_the_policy_names()
    {
        var policy = new TrafficPolicy
        {
            Namespace = "shop",
            Name = "p",
            Targets = { new Target { Service = "shop/cart" } },
            RedisReadReplicas = new Wire.ReadReplicas { Service = "shop/replicas", Port = 6379, AfterWriteMs = 250 },
        };
        var settings = Translate(Workload("w", "10.0.0.1"), Service(), policy).FindServicePort("shop/cart", 80)!.Traffic;
        Assert.Equal(new Mesh.Proxy.Configuration.ReadReplicas("shop/replicas", 6379, TimeSpan.FromMilliseconds(250)), settings.ReadReplicas);
        Assert.Null(Translate(Workload("w", "10.0.0.1"), Service()).FindServicePort("shop/cart", 80)!.Traffic.ReadReplicas);
    }

    public static TheoryData<string, IMessage> Unusable => new()
    {
        { "cannot be where replicas are", new TrafficPolicy { Namespace = "a", Name = "t", RedisReadReplicas = new Wire.ReadReplicas { Service = "a/r" } } },
        { "address", new Workload { Namespace = "a", Name = "w", ServiceAccount = "s", Addresses = { ByteString.CopyFrom(1, 2, 3, 4, 5) } } },
        { "address", new Service { Namespace = "a", Name = "s", Addresses = { ByteString.CopyFrom(1, 2, 3) } } },
        { "regular expression", Route(new StringMatch { Kind = StringMatch.Types.Kind.Regex, Value = "(" }) },
        { "backreference", Route(new StringMatch { Kind = StringMatch.Types.Kind.Regex, Value = @"(a)\1" }) },
        { "path by suffix", Route(new StringMatch { Kind = StringMatch.Types.Kind.Suffix, Value = "x" }) },
        { "header without match", new HttpRoute { Namespace = "a", Name = "r", Rules = { new HttpRule { Matches = { new HttpMatch { Headers = { new HeaderMatch { Name = "x" } } } } } } } },
        { "CIDR", Access(new() { From = { new Wire.AccessFrom { IpBlocks = { "10.0.0.0/33" } } } }) },
        { "service account", Access(new() { From = { new Wire.AccessFrom { ServiceAccounts = { "no-slash" } } } }) },
        { "regex in a policy", Access(new() { To = { new Wire.AccessTo { Paths = { new StringMatch { Kind = StringMatch.Types.Kind.Regex, Value = "x" } } } } }) },
        { "claims", Access(new() { When = { new AccessWhen { Claim = "sub" } } }) },
        { "unknown action", new AccessPolicy { Namespace = "a", Name = "p", Targets = { new Target() }, Action = (AccessPolicy.Types.Action)9 } },
        { "target port", new Workload { Namespace = "a", Name = "w", ServiceAccount = "s", Weight = 1, Addresses = { ByteString.CopyFrom(1, 2, 3, 4) },
            Services = { ["a/s"] = new ServicePorts { Ports = { new PortMapping { ServicePort = 80, TargetPort = 70_000 } } } } } },
        { "mTLS mode", new MtlsPolicy { Namespace = "a", Name = "m", Mode = (MtlsPolicy.Types.Mode)9 } },
        { "PROXY block", new TrafficPolicy { Namespace = "a", Name = "t", ProxyProtocol = new Wire.ProxyProtocol { AcceptFrom = { "10.0.0.0/33" } } } },
        { "PROXY version", new TrafficPolicy { Namespace = "a", Name = "t", ProxyProtocol = new Wire.ProxyProtocol { Send = (Wire.ProxyProtocol.Types.Version)9 } } },
        { "timeout", new TrafficPolicy { Namespace = "a", Name = "t", RequestTimeoutMs = ulong.MaxValue } },
        { "HTTPS listener", new Gateway { Namespace = "a", Name = "g", Listeners = { new GatewayListener { Name = "l", Port = 443, Protocol = GatewayListener.Types.Protocol.Https } } } },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Resource_that_cannot_be_carried_out_is_refused_alone(string what, IMessage resource)
    {
        string? reason = ResourceChecks.Check($"type.mesh.internal/{resource.Descriptor.FullName}", NameOf(resource), resource);
        Assert.True(reason is not null, $"{what} was accepted");
        Assert.StartsWith($"{resource.Descriptor.Name} cannot be carried out: ", reason);
    }

    [Fact]
    public void Sound_resources_pass_their_check()
    {
        foreach (IMessage resource in (IMessage[])[Workload("w", "10.0.0.1"), Service(), Route(new StringMatch { Kind = StringMatch.Types.Kind.Regex, Value = "/a+" }), Access(new())])
            Assert.Null(ResourceChecks.Check("type.mesh.internal/x", NameOf(resource), resource));
    }

    [Fact]
    public void Resource_that_came_under_the_name_of_another_is_refused() =>
        Assert.Contains("it came as 'shop/other' and calls itself 'shop/cart'", ResourceChecks.Check("type.mesh.internal/x", "shop/other", Service()));

    private static AccessQuestion Question(SpiffeId? principal, int port) => new(principal, Ip.Parse("10.0.0.9"), port, null, HttpPending: false);

    private static Snapshot Translate(params IMessage[] resources) => new SnapshotTranslator(1, new Random(1)).Apply(Changes(resources), "cluster.local");

    private static List<ConfigChange> Changes(params IMessage[] resources) => [.. resources.Select(ConfigChanges.Of)];

    private static string NameOf(IMessage resource) => ConfigChanges.Of(resource).Name;

    private static Workload Workload(string name, string address) => new()
    {
        Namespace = "shop",
        Name = name,
        ServiceAccount = "cart",
        Weight = 1,
        Labels = { ["app"] = "cart" },
        Addresses = { ByteString.CopyFrom(IPAddress.Parse(address).GetAddressBytes()) },
        Services = { ["shop/cart"] = new ServicePorts { Ports = { new PortMapping { ServicePort = 80, TargetPort = 8080 } } } },
    };

    private static Service Service() => new()
    {
        Namespace = "shop",
        Name = "cart",
        Hostnames = { "cart.shop.mesh" },
        Addresses = { ByteString.CopyFrom(240, 240, 0, 1) },
        Ports = { new ServicePort { Name = "http", Port = 80, AppProtocol = Wire.AppProtocol.Http } },
    };

    private static MtlsPolicy Mtls(string name, Target target, MtlsPolicy.Types.Mode mode, params (uint Port, MtlsPolicy.Types.Mode Mode)[] ports)
    {
        var policy = new MtlsPolicy { Namespace = "shop", Name = name, Targets = { target }, Mode = mode };
        foreach (var (port, portMode) in ports) policy.Ports[port] = portMode;
        return policy;
    }

    private static TrafficPolicy Timeout(string name, Target target, ulong milliseconds) =>
        new() { Namespace = "shop", Name = name, Targets = { target }, RequestTimeoutMs = milliseconds };

    private static HttpRoute Route(StringMatch path) => new() { Namespace = "a", Name = "r", Rules = { new HttpRule { Matches = { new HttpMatch { Path = path } } } } };

    private static AccessPolicy Access(Wire.AccessRule rule) => new() { Namespace = "a", Name = "p", Targets = { new Target() }, Rules = { rule } };
}
