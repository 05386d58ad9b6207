using Google.Protobuf;
using Mesh.Protocol.Config;
using Wire = Mesh.Protocol.Config;

namespace Mesh.Tests.Unit.Translation;

/// <summary>Random resources over so few names, addresses and labels that they meet, conflict, and refer to what is not there.</summary>
internal sealed class RandomMesh(Random random)
{
    private static readonly string[] spaces = ["a", "b"];

    public IMessage Next() => random.Next(13) switch
    {
        < 5 => Workload(),
        < 7 => Service(),
        7 => random.Next(3) == 0 ? Calls() : Route(),
        8 => random.Next(3) switch
        {
            0 => new TcpRoute { Namespace = Space(), Name = Name("t"), Parents = { Parent() }, Backends = { Backend() } },
            1 => new TlsRoute { Namespace = Space(), Name = Name("u"), Parents = { Parent() }, Hostnames = { "host" + random.Next(2) }, Backends = { Backend() }, CreatedUnixMs = random.Next(3) },
            _ => Gateway(),
        },
        9 => new AccessPolicy { Namespace = Space(), Name = Name("p"), Targets = { Targets() }, Action = (AccessPolicy.Types.Action)random.Next(2), Rules = { Rule() } },
        10 => new MtlsPolicy { Namespace = Space(), Name = Name("m"), Targets = { Targets() }, Mode = (MtlsPolicy.Types.Mode)random.Next(2), CreatedUnixMs = random.Next(3) },
        11 => new TelemetryPolicy
        {
            Namespace = Space(),
            Name = Name("y"),
            Targets = { Targets() },
            AccessLog = random.Next(2) == 0 ? null : new AccessLogSettings { SamplingPpm = (uint)random.Next(3) },
            Tracing = random.Next(2) == 0 ? null : new TracingSettings { SamplingPpm = (uint)random.Next(3) },
            CreatedUnixMs = random.Next(3),
        },
        _ => new TrafficPolicy
        {
            Namespace = Space(),
            Name = Name("f"),
            Targets = { Targets(), new Target { Gateway = $"{Space()}/{Name("g")}" } },
            RequestTimeoutMs = (ulong)random.Next(5),
            ProxyProtocol = random.Next(2) == 0 ? null : new Wire.ProxyProtocol { Send = (Wire.ProxyProtocol.Types.Version)random.Next(2), AcceptFrom = { $"10.{random.Next(3)}.0.0/16" } },
            RedisReadReplicas = random.Next(2) == 0 ? null : new Wire.ReadReplicas { Service = ServiceKey(), Port = 80, AfterWriteMs = (ulong)random.Next(3) },
            LoadBalancer = (TrafficPolicy.Types.LoadBalancer)random.Next(3),
            CreatedUnixMs = random.Next(3),
        },
    };

    private string Space() => spaces[random.Next(spaces.Length)];

    private string Name(string kind) => kind + random.Next(4);

    private string ServiceKey() => $"{Space()}/{Name("s")}";

    private uint Port() => (uint)(80 + random.Next(2));

    private ByteString Address(byte network) => ByteString.CopyFrom(10, network, 0, (byte)random.Next(6));

    private Workload Workload()
    {
        var workload = new Workload
        {
            Namespace = Space(),
            Name = "w" + random.Next(8),
            ServiceAccount = Name("sa"),
            TrustDomain = random.Next(2) == 0 ? "" : "other",
            Node = Name("n"),
            Weight = (uint)random.Next(3),
            Health = (Health)(random.Next(4) / 3),
            Labels = { ["app"] = Name("l") },
        };
        for (int i = random.Next(3); i > 0; i--) workload.Addresses.Add(Address(1));
        for (int i = random.Next(4); i > 0; i--)
        {
            var ports = new ServicePorts();
            for (int j = random.Next(3); j > 0; j--) ports.Ports.Add(new PortMapping { ServicePort = Port(), TargetPort = Port() });
            workload.Services[ServiceKey()] = ports;
        }
        return workload;
    }

    private Service Service()
    {
        var service = new Service { Namespace = Space(), Name = Name("s") };
        for (int i = random.Next(3); i > 0; i--) service.Addresses.Add(Address(2));
        for (int i = random.Next(3); i > 0; i--) service.Hostnames.Add("host" + random.Next(5));
        for (uint port = 80; port < 82; port++)
        {
            if (random.Next(3) > 0) service.Ports.Add(new ServicePort { Name = "p", Port = port, AppProtocol = (Wire.AppProtocol)random.Next(5) });
        }
        return service;
    }

    private HttpRoute Route() => new()
    {
        Namespace = Space(),
        Name = Name("r"),
        CreatedUnixMs = random.Next(3),
        Parents = { Parent(), Parent() },
        Rules = { new HttpRule { Matches = { new HttpMatch { Path = new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = "/" + Name("") } } }, Backends = { Backend() } } },
    };

    private GrpcRoute Calls() => new()
    {
        Namespace = Space(),
        Name = Name("c"),
        CreatedUnixMs = random.Next(3),
        Parents = { Parent(), Parent() },
        Rules = { new GrpcRule { Matches = { new GrpcMatch { Service = random.Next(2) == 0 ? null : new StringMatch { Value = random.Next(4).ToString() } } }, Backends = { Backend() } } },
    };

    private Gateway Gateway() => new()
    {
        Namespace = Space(),
        Name = Name("g"),
        Listeners = { new GatewayListener { Name = "l", Port = Port(), Protocol = random.Next(3) switch { 0 => GatewayListener.Types.Protocol.Http, 1 => GatewayListener.Types.Protocol.Tls, _ => GatewayListener.Types.Protocol.Tcp }, Hostname = random.Next(2) == 0 ? "" : "host0" } },
    };

    private ParentRef Parent() => random.Next(3) == 0
        ? new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = $"{Space()}/{Name("g")}" }
        : new ParentRef { Kind = ParentRef.Types.Kind.Service, Name = ServiceKey(), Port = random.Next(2) == 0 ? 0 : Port() };

    private Backend Backend() => new() { Service = ServiceKey(), Port = Port(), Weight = 1 };

    private IEnumerable<Target> Targets() => Enumerable.Range(0, random.Next(3)).Select(_ => random.Next(6) switch
    {
        0 => new Target { Mesh = true },
        1 => new Target { Workload = $"{Space()}/w{random.Next(8)}", Port = random.Next(2) == 0 ? 0 : Port() },
        2 => new Target { Service = ServiceKey(), Port = random.Next(2) == 0 ? 0 : Port() },
        3 => new Target { Selector = { ["app"] = Name("l") } },
        _ => new Target(),
    }).ToList();

    private Wire.AccessRule Rule() => new()
    {
        From = { new Wire.AccessFrom { Namespaces = { new StringMatch { Kind = StringMatch.Types.Kind.Exact, Value = Space() } } } },
    };
}
