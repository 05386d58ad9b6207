using Mesh.Kit.Machines;
using Mesh.Tests.Hosts.Families;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>gRPC's own client and servers on two machines, over HBONE.</summary>
[Collection(FamilyLab.Collection)]
public sealed class GrpcMeshTests(FamilyLab lab)
{
    private const int CallPort = 9085, WebPort = 9086;
    private const string Python = "/usr/bin/python3"; // Debian's own, which has the libraries

    [Fact]
    public async Task Calls_of_every_form_pass_between_machines()
    {
        var (client, one, two) = (lab["client-v4"], lab["server-v4"], lab["server-both"]);
        foreach (var server in (LabWorkload[])[one, two]) server.Start("grpc", [Python, Program("grpc_server.py"), "0.0.0.0", $"{CallPort}", server.Name.Name]);
        one.Start("grpc-web", [Python, Program("grpc_web_server.py"), "0.0.0.0", $"{WebPort}"]);
        foreach (var server in (LabWorkload[])[one, two])
            await Until.TrueAsync($"{server.Name.Name} listens", TimeSpan.FromSeconds(10), async () => (await server.Space.RunAsync($"ss -Hltn sport = :{CallPort}")).Output.Contains($":{CallPort}", StringComparison.Ordinal));
        await lab.ApplyAsync(string.Join("\n---\n", [
            Service("grpc", "grpc-one"), Service("grpcs", "grpc"), Service("grpc-none", "nobody"),
            Workload("grpc-1", one, "{ app: grpc, grpc-one: yes-1 }", tunnel: "HBONE"), Workload("grpc-2", two, "{ app: grpc }", tunnel: "HBONE"), Denial]));
        await Until.TrueAsync("the services are known", TimeSpan.FromSeconds(10), async () => (await client.Space.RunAsync("getent ahostsv4 grpcs.shop.mesh")).Ok && (await client.Space.RunAsync("getent ahostsv4 grpc-none.shop.mesh")).Ok);

        await PassesAsync(client, "grpc_client.py", "grpc.shop.mesh", "84");
        await PassesAsync(client, "grpc_mesh_client.py", "shop.mesh");

        string metrics = await lab.ClientMetricsAsync();
        Assert.Matches("mesh_requests_total\\{.*destination_workload=\"grpc-1\".*request_protocol=\"grpc\".*grpc_response_status=\"9\"", metrics);
        Assert.Matches("mesh_requests_total\\{.*request_protocol=\"grpc\".*grpc_response_status=\"7\"", metrics);
        Assert.Matches("mesh_response_messages_total\\{.*grpc_method=\"/test.Echo/ServerStream\",grpc_response_status=\"0\"\\} 500", metrics);
        Assert.Matches("mesh_request_messages_total\\{.*grpc_method=\"/test.Echo/ClientStream\",grpc_response_status=\"0\"\\} 300", metrics);
        Assert.Matches("mesh_upstream_connections_kept\\{[^}]*kind=\"hbone\"\\} [1-9]", metrics);
    }

    /// <summary>At the servers' machine, where the account and the method are known.</summary>
    private const string Denial = """
        apiVersion: mesh.internal/v1
        kind: AccessPolicy
        metadata: { name: no-secrets, namespace: shop }
        spec:
          action: Deny
          selector: { matchLabels: { app: server-v4 } }
          rules: [ { to: [ { paths: [ /test.Echo/Secret ] } ] } ]
        """;

    private static string Service(string name, string app) => $$"""
        apiVersion: v1
        kind: Service
        metadata: { name: {{name}}, namespace: shop }
        spec:
          selector: { {{(app == "grpc-one" ? "grpc-one: yes-1" : $"app: {app}")}} }
          ports: [ { name: grpc, port: 84, targetPort: {{CallPort}}, appProtocol: grpc }, { name: web, port: 85, targetPort: {{WebPort}}, appProtocol: http } ]
        """;

    private static string Workload(string name, LabWorkload at, string labels, string tunnel) => $$"""
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: {{name}}, namespace: shop, labels: {{labels}} }
        spec: { addresses: [ "{{at.Address}}" ], serviceAccount: {{at.Name.ServiceAccount}}, tunnel: {{tunnel}} }
        """;

    private static string Program(string name) => Path.Combine(Repository.Root, "tests/hosts/Protocols/Programs", name);

    private static async Task PassesAsync(LabWorkload client, string program, params string[] arguments)
    {
        var result = await client.Space.RunAsync([Python, Program(program), .. arguments], bound: TimeSpan.FromMinutes(1));
        Assert.True(result.Ok, result.ToString());
    }
}
