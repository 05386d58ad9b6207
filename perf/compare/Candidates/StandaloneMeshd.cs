using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>meshd without a controller as a Gateway, one worker, its resources from a file.</summary>
internal static class StandaloneMeshd
{
    /// <param name="gateway">Gateway, routes and policies; a Service "backend" with the backend as its workload exists.</param>
    /// <param name="backendPort">Where that workload listens, and what it speaks.</param>
    public static async Task<Background> StartAsync(Machine machine, string gateway, int backendPort = Backend.Port, string protocol = "http")
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
        await File.WriteAllTextAsync(resources, $"{gateway}\n---\n{Service(backendPort, protocol)}");
        return machine.Start("meshd", [.. Cores.Candidate, Path.Combine(Repository.Programs, "meshd"), "--config", config]);
    }

    /// <summary>One listener that forwards everything.</summary>
    /// <param name="protocol">HTTP or TCP.</param>
    public static string Gateway(int port, string protocol) => $$"""
        {{Listener(port, protocol)}}
        ---
        apiVersion: gateway.networking.k8s.io/v1{{(protocol == "TCP" ? "alpha2" : "")}}
        kind: {{protocol}}Route
        metadata: { name: backend, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules: [ { backendRefs: [ { name: backend, port: 80 } ] } ]
        """;

    /// <summary>One listener with a hundred routes: 90 by path, 9 by header, and the one that the traffic takes.</summary>
    public static string HundredRoutes(int port) => $"{Gateway(port, "HTTP")}\n---\n{string.Join("\n---\n", Enumerable.Range(0, 99).Select(OtherRoute))}";

    private static string OtherRoute(int number) => $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: route-{{number}}, namespace: default }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules:
            - matches: [ {{(number < 90 ? $"{{ path: {{ value: /service-{number}/v1 }} }}" : $"{{ headers: [ {{ name: x-version, value: v{number} }} ] }}")}} ]
              backendRefs: [ { name: backend, port: 80 } ]
        """;

    private static string Listener(int port, string protocol) => $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: default }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
          listeners: [ { name: main, port: {{port}}, protocol: {{protocol}} } ]
        """;

    private static string Service(int port, string protocol) => $$"""
        apiVersion: v1
        kind: Service
        metadata: { name: backend, namespace: default }
        spec: { selector: { app: backend }, ports: [ { name: http, port: 80, targetPort: {{port}}, appProtocol: {{protocol}} } ] }
        ---
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: backend-1, namespace: default, labels: { app: backend } }
        spec: { addresses: [ 127.0.0.1 ], serviceAccount: backend, tunnel: None }

        """;
}
