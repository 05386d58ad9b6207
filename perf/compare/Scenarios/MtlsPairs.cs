using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>nginx and HAProxy as pairs: client to the first on its own machine, mutual TLS to the second, plain to the backend.</summary>
internal static class MtlsPairs
{
    public static async Task<IReadOnlyList<CandidateStart>> StartAsync(Lab lab, Machine near, Machine far)
    {
        var certificates = PeerCertificates.Create(lab.Folder);
        // The same kind of place as a workload of the mesh has, only not enrolled.
        var client = await near.AddWorkloadAsync(new("bench", "plain-client", "none"), nodeSocket: null, MeshPath.ReferencePlugins);
        var server = await far.AddWorkloadAsync(new("bench", "plain-server", "none"), nodeSocket: null, MeshPath.ReferencePlugins);
        await Backend.StartAsync(server.Folder, server.Start);
        string backend = $"{server.Address}:{Backend.Port}";
        return
        [
            new("nginx", StartAsync("nginx", client, near, 9001,
                NginxPeer.ServerSideAsync(far, "nginx-server", 9443, backend, certificates),
                NginxPeer.ClientSideAsync(near, "nginx-client", 9001, $"{far.Address}:9443", certificates))),
            new("haproxy", StartAsync("haproxy", client, near, 9002,
                HaproxyPeer.ServerSideAsync(far, "haproxy-server", 9444, backend, certificates),
                HaproxyPeer.ClientSideAsync(near, "haproxy-client", 9002, $"{far.Address}:9444", certificates))),
        ];
    }

    private static async Task<Candidate> StartAsync(string name, LabWorkload client, Machine near, int port, params Task<Background>[] pair)
    {
        var processes = await Task.WhenAll(pair);
        return new(name, client.Space, $"http://{near.WorkloadGateway}:{port}/1k", [.. processes.Select(process => process.Id)]);
    }
}
