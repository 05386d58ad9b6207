using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>A reverse proxy on one machine: keep-alive on both sides, no TLS. meshd runs standalone with a Gateway.</summary>
internal sealed class OneHop : IScenario
{
    public string Key => "a";

    public string Title => "one hop, HTTP/1.1, one worker";

    public async IAsyncEnumerable<CandidateStart> StartAsync(Lab lab)
    {
        var machine = await lab.AddMachineAsync("host");
        await Backend.StartAsync(machine.Folder, machine.Start);
        string backend = $"127.0.0.1:{Backend.Port}";
        yield return new("nginx", Started("nginx", machine, 9001, NginxPeer.ProxyAsync(machine, "nginx", 9001, backend)));
        yield return new("haproxy", Started("haproxy", machine, 9002, HaproxyPeer.ProxyAsync(machine, "haproxy", 9002, backend)));
        yield return new("meshd", Started("meshd", machine, 9003, StandaloneAsync(machine, 9003)));
    }

    private static async Task<Candidate> Started(string name, Machine machine, int port, Task<Background> process) =>
        new(name, machine.Space, $"http://127.0.0.1:{port}/1k", [(await process).Id]);

    private static async Task<Background> StandaloneAsync(Machine machine, int port)
    {
        string config = Path.Combine(machine.Folder, "meshd.yaml"), resources = Path.Combine(machine.Folder, "resources.yaml");
        await File.WriteAllTextAsync(config, $$"""
            node: bench
            workers: 1
            resources: [ {{resources}} ]
            stateDirectory: {{machine.Folder}}/state
            nodeSocket: {{machine.Folder}}/node.sock
            log: { level: warning, format: text }

            """);
        await File.WriteAllTextAsync(resources, $$"""
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: { name: edge, namespace: default }
            spec:
              gatewayClassName: meshd
              addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
              listeners: [ { name: http, port: {{port}}, protocol: HTTP } ]
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: { name: backend, namespace: default }
            spec:
              parentRefs: [ { kind: Gateway, name: edge } ]
              rules: [ { backendRefs: [ { name: backend, port: 80 } ] } ]
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: backend, namespace: default }
            spec: { selector: { app: backend }, ports: [ { name: http, port: 80, targetPort: {{Backend.Port}}, appProtocol: http } ] }
            ---
            apiVersion: mesh.internal/v1
            kind: Workload
            metadata: { name: backend-1, namespace: default, labels: { app: backend } }
            spec: { addresses: [ 127.0.0.1 ], serviceAccount: backend, tunnel: None }

            """);
        return machine.Start("meshd", [.. Cores.Candidate, Path.Combine(Repository.Programs, "meshd"), "--config", config]);
    }
}
