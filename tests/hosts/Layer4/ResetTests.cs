using Mesh.Kit.Machines;
using Mesh.Tests.Hosts.Families;

namespace Mesh.Tests.Hosts.Layer4;

/// <summary>Plain sockets on two machines with the mesh between them: resets arrive as resets behind what was said before them, half-closes as half-closes.
/// Opaque ports take the direct tunnel, requests HBONE.</summary>
[Collection(FamilyLab.Collection)]
public sealed class ResetTests(FamilyLab lab)
{
    private const int Opaque = 9082, Requests = 9083, OverHbone = 9084;

    [Fact]
    public async Task Connections_end_as_the_applications_end_them()
    {
        await EndsArriveAsync(Opaque, "server-v4.shop.mesh");
        Assert.Matches("mesh_upstream_connections_kept\\{[^}]*kind=\"direct\"\\} [1-9]", await lab.ClientMetricsAsync());
    }

    /// <summary>The server's address once more as a workload that knows no tunnel but HBONE.</summary>
    [Fact]
    public async Task Connections_over_HBONE_end_as_the_applications_end_them()
    {
        await lab.ApplyAsync($$"""
            apiVersion: v1
            kind: Service
            metadata: { name: hbone, namespace: shop }
            spec: { selector: { app: hbone }, ports: [ { name: opaque, port: 82, targetPort: {{OverHbone}}, appProtocol: tcp } ] }
            ---
            apiVersion: mesh.internal/v1
            kind: Workload
            metadata: { name: hbone-1, namespace: shop, labels: { app: hbone } }
            spec: { addresses: [ "{{lab["server-v4"].Address}}" ], serviceAccount: server-v4, tunnel: HBONE }
            """);
        await EndsArriveAsync(OverHbone, "hbone.shop.mesh");
        Assert.Matches("mesh_upstream_connections_kept\\{[^}]*kind=\"hbone\"\\} [1-9]", await lab.ClientMetricsAsync());
    }

    private async Task EndsArriveAsync(int port, string name)
    {
        var (client, server) = (lab["client-v4"], lab["server-v4"]);
        string log = Path.Combine(server.Folder, $"ends-{port}.log");
        server.Start($"ends-{port}", ["/usr/bin/python3", Program, "serve", $"{port}", log]);
        await ListensAsync(server, port);
        await Until.TrueAsync($"{name} is known", TimeSpan.FromSeconds(10), async () => (await client.Space.RunAsync(["/usr/bin/python3", Program, "ask", name, "82", "finish"])).Output == "b'bye' end\n");
        await Until.TrueAsync("the server has seen it", TimeSpan.FromSeconds(10), () => File.Exists(log) && File.ReadAllText(log).EndsWith("end\n", StringComparison.Ordinal));
        File.Delete(log);

        // The server's: what it said arrives, then its reset or its end.
        Assert.Equal("b'answer' reset\n", await AskAsync(client, name, "reset"));
        Assert.Equal("b'bye' end\n", await AskAsync(client, name, "finish"));
        Assert.Equal("b'got ' 100004 end\n", await AskAsync(client, name, "echo"));
        // The client's.
        await AskAsync(client, name, "leave");
        string[] expected = ["echo 100000 end", "finish 4 end", "leave 1000 reset"];
        await Until.TrueAsync("the server has seen every end", TimeSpan.FromSeconds(10), () => File.Exists(log) && File.ReadAllLines(log).Length == expected.Length);
        Assert.Equal(expected, File.ReadAllLines(log).Order());
    }

    [Fact]
    public async Task Answer_before_the_end_of_an_upload_arrives_although_the_application_resets()
    {
        var (client, server) = (lab["client-v4"], lab["server-v4"]);
        server.Start("early", ["/usr/bin/python3", Program, "early", $"{Requests}"]);
        await ListensAsync(server, Requests);
        string body = Path.Combine(client.Folder, "20m");
        await File.WriteAllBytesAsync(body, new byte[20_000_000]);
        for (int i = 0; i < 10; i++)
        {
            var answer = await client.Space.RunAsync(["curl", "-sS", "--max-time", "10", "-H", "Expect:", "-w", " %{http_code}", "--data-binary", $"@{body}", "http://server-v4.shop.mesh:83/"]);
            Assert.True(answer is { Ok: true, Output: "big 413" }, answer.ToString());
        }
    }

    private static string Program => Path.Combine(Repository.Root, "tests/hosts/Layer4/Programs/socket_ends.py");

    private static async Task<string> AskAsync(LabWorkload client, string name, string command) =>
        (await client.Space.RunAsync(["/usr/bin/python3", Program, "ask", name, "82", command])).Must().Output;

    private static Task ListensAsync(LabWorkload server, int port) => Until.TrueAsync($"somebody listens on {port}", TimeSpan.FromSeconds(10),
        async () => (await server.Space.RunAsync($"ss -Hltn sport = :{port}")).Output.Contains($":{port}", StringComparison.Ordinal));
}
