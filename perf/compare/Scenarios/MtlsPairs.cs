using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>nginx and HAProxy as pairs: client to the first on its own machine, mutual TLS to the second, plain to the backend.</summary>
internal sealed class MtlsPairs
{
    private readonly LabWorkload client;
    private readonly LabWorkload server;
    private readonly PeerCertificates certificates;

    private MtlsPairs(Machine near, Machine far, LabWorkload client, LabWorkload server, Backend backend, PeerCertificates certificates) =>
        (Near, Far, this.client, this.server, Backend, this.certificates) = (near, far, client, server, backend, certificates);

    public Machine Near { get; }

    public Machine Far { get; }

    public Backend Backend { get; }

    public Candidate Direct => Candidate.Unproxied(client.Space, $"http://{BackendAddress}");

    private string BackendAddress => $"{server.Address}:{Backend.Port}";

    public static async Task<MtlsPairs> CreateAsync(Lab lab, Machine near, Machine far)
    {
        // The same kind of place as a workload of the mesh has, only not enrolled.
        var client = await near.AddWorkloadAsync(new("bench", "plain-client", "none"), nodeSocket: null, MeshPath.ReferencePlugins);
        var server = await far.AddWorkloadAsync(new("bench", "plain-server", "none"), nodeSocket: null, MeshPath.ReferencePlugins);
        return new(near, far, client, server, await Backend.StartAsync(server.Folder, server.Start), PeerCertificates.Create(lab.Folder));
    }

    public IEnumerable<CandidateStart> StartHttp() =>
    [
        Pair("nginx", 9001,
            NginxPeer.ServerSideAsync(Far, "nginx-server", 9443, BackendAddress, certificates),
            NginxPeer.ClientSideAsync(Near, "nginx-client", 9001, $"{Far.Address}:9443", certificates)),
        Pair("haproxy", 9002,
            HaproxyPeer.ServerSideAsync(Far, "haproxy-server", 9444, BackendAddress, certificates),
            HaproxyPeer.ClientSideAsync(Near, "haproxy-client", 9002, $"{Far.Address}:9444", certificates)),
    ];

    public IEnumerable<CandidateStart> StartTcp() =>
    [
        Pair("nginx", 9001,
            NginxPeer.StreamServerSideAsync(Far, "nginx-server", 9443, BackendAddress, certificates),
            NginxPeer.StreamClientSideAsync(Near, "nginx-client", 9001, $"{Far.Address}:9443", certificates)),
        Pair("haproxy", 9002,
            HaproxyPeer.ServerSideAsync(Far, "haproxy-server", 9444, BackendAddress, certificates, tcp: true),
            HaproxyPeer.ClientSideAsync(Near, "haproxy-client", 9002, $"{Far.Address}:9444", certificates, tcp: true)),
    ];

    private CandidateStart Pair(string name, int port, params Task<Background>[] pair)
    {
        return new(name, StartAsync());

        async Task<Candidate> StartAsync() =>
            new(name, client.Space, $"http://{Near.WorkloadGateway}:{port}", [.. (await Task.WhenAll(pair)).Select(MeasuredProcess.Of)]);
    }
}
