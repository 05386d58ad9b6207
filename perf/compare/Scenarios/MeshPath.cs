using Mesh.Compare.Candidates;
using Mesh.Demo;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>The mesh between two workloads as it is used: controller, enrolment, name, policy. The controller is not counted: it is idle.</summary>
internal static class MeshPath
{
    public const string ReferencePlugins = "/usr/lib/cni";

    private const string Resources = """
        apiVersion: v1
        kind: Namespace
        metadata: { name: bench }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: backend, namespace: bench }
        spec:
          selector: { app: backend }
          ports:
            - { name: http, port: 80, targetPort: 8080, appProtocol: http }
            - { name: tcp, port: 81, targetPort: 8080, appProtocol: tcp }
        ---
        apiVersion: mesh.internal/v1
        kind: AccessPolicy
        metadata: { name: only-client, namespace: bench }
        spec:
          rules: [ { from: [ { serviceAccounts: [ bench/client ] } ] } ]

        """;

    /// <param name="opaque">Through the port of the service that is declared as TCP.</param>
    /// <param name="more">More resources.</param>
    public static async Task<Candidate> StartAsync(Lab lab, MtlsPairs pairs, bool opaque, string more)
    {
        var (near, far) = (pairs.Near, pairs.Far);
        string programs = Repository.Programs;
        var controller = new MeshController(await lab.AddMachineAsync("controller"), programs);
        await controller.StartAsync();
        string file = Path.Combine(lab.Folder, "bench.yaml");
        await File.WriteAllTextAsync(file, Resources + more);
        (await controller.MeshctlAsync("apply", "-f", file)).Must();

        var daemons = new Dictionary<Machine, MeshDaemon>();
        foreach (var machine in new[] { near, far }.Distinct())
        {
            daemons[machine] = new MeshDaemon(machine, programs) { Prefix = Cores.Candidate, MoreOptions = "workers: 1\n" };
            await daemons[machine].JoinAsync(controller);
        }
        string plugins = $"{ReferencePlugins}:{programs}";
        var client = await near.AddWorkloadAsync(new("bench", "client", "client", "app:client"), daemons[near].NodeSocket, plugins);
        var server = await far.AddWorkloadAsync(new("bench", "backend-1", "backend", "app:backend"), daemons[far].NodeSocket, plugins);
        await pairs.Backend.ServeAsync(server.Folder, server.Start);
        return new(Candidate.Meshd, client.Space, $"http://backend.bench.mesh:{(opaque ? 81 : 80)}",
            [.. daemons.Values.Select(daemon => new MeasuredProcess(daemon.Id, () => daemon.LogTail))]);
    }
}
