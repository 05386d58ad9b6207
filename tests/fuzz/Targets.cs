using Mesh.Tests.Fuzz.Certificates;
using Mesh.Tests.Fuzz.Detection;
using Mesh.Tests.Fuzz.Dns;
using Mesh.Tests.Fuzz.Forwarding;
using Mesh.Tests.Fuzz.Grpc;
using Mesh.Tests.Fuzz.Hpack;
using Mesh.Tests.Fuzz.Http1;
using Mesh.Tests.Fuzz.Http2;
using Mesh.Tests.Fuzz.Names;
using Mesh.Tests.Fuzz.NodeSocket;
using Mesh.Tests.Fuzz.Redis;
using Mesh.Tests.Fuzz.Resources;
using Mesh.Tests.Fuzz.State;
using Mesh.Tests.Fuzz.Tunnels;
using Mesh.Tests.Fuzz.Watched;

namespace Mesh.Tests.Fuzz;

internal static class Targets
{
    public static IReadOnlyList<IFuzzTarget> All { get; } =
    [
        new HeadTarget(), new ServerTarget(), new ChunkedTarget(), new HpackTarget(), new FrameTarget(), new DnsTarget(),
        new ResourceTarget(json: false), new ResourceTarget(json: true), new NodeMessageTarget(), new GrpcTarget(),
        new SigningRequestTarget(), new CertificateTarget(), new NameTarget(), new EnvelopeTarget(), new ConfigLogTarget(),
        new RequestTarget(), new ReplyTarget(), new SieveTarget(),
        new ClientHelloTarget(), new ProxyHeaderTarget(), new DirectTunnelTarget(), new WatchedTarget(), new DnsStreamTarget(),
        new FieldsTarget(),
    ];

    public static IFuzzTarget Named(string name) => All.Single(target => target.Name == name);
}
