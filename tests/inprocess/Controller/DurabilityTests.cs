using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Mesh.Tests.InProcess.Controller;

public sealed class DurabilityTests
{
    [Fact]
    public async Task Restart_loses_nothing_and_versions_go_on()
    {
        await using var controller = await ControllerFixture.StartAsync();
        var (_, made) = await controller.SendAsync("POST", "/api/v1/namespaces", """{"metadata":{"name":"shop"}}""");
        await controller.RestartAsync();
        var (code, found) = await controller.SendAsync("GET", "/api/v1/namespaces/shop");
        var (_, next) = await controller.SendAsync("POST", "/api/v1/namespaces", """{"metadata":{"name":"shop2"}}""");

        Assert.Equal(200, code);
        Assert.True(JsonNode.DeepEquals(made, found));
        Assert.True(Version(next) > Version(found));
    }

    [Fact]
    public async Task Killed_in_the_middle_of_writes_keeps_every_acknowledged_one()
    {
        var directory = Directory.CreateTempSubdirectory("mesh-kill-").FullName;
        try
        {
            var acknowledged = 0;
            using (var process = await ControllerProcess.StartAsync(directory))
            {
                using var client = process.Client();
                var writing = Task.Run(async () =>
                {
                    for (var i = 0; i < 10_000; i++)
                    {
                        using var response = await client.PostAsync("/api/v1/namespaces", new StringContent($$$"""{"metadata":{"name":"n{{{i}}}"}}""", Encoding.UTF8, "application/json"));
                        response.EnsureSuccessStatusCode();
                        Volatile.Write(ref acknowledged, i + 1);
                    }
                });
                var bound = Stopwatch.StartNew();
                while (Volatile.Read(ref acknowledged) < 50 && bound.Elapsed < TimeSpan.FromSeconds(20))
                    await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);

                process.Kill();
                await Assert.ThrowsAnyAsync<Exception>(() => writing);
            }

            Assert.True(acknowledged >= 50);
            using var again = await ControllerProcess.StartAsync(directory);
            using var reader = again.Client();
            var list = JsonNode.Parse(await reader.GetStringAsync("/api/v1/namespaces"))!;
            var names = list["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.ToString()).ToHashSet();
            Assert.All(Enumerable.Range(0, acknowledged), i => Assert.Contains($"n{i}", names));
            again.Kill();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static long Version(JsonObject resource) => long.Parse(resource["metadata"]!["resourceVersion"]!.ToString());

    /// <summary>The real program as a process of its own.</summary>
    private sealed class ControllerProcess : IDisposable
    {
        private readonly Process process;
        private readonly string directory;

        private ControllerProcess(Process process, string directory) => (this.process, this.directory) = (process, directory);

        public static async Task<ControllerProcess> StartAsync(string directory)
        {
            var config = Path.Combine(directory, "controller.yaml");
            await File.WriteAllTextAsync(config, "listen: 127.0.0.1:0\nnodes: 127.0.0.1:0\nmetrics: 127.0.0.1:0\ndata: ./data\nlog: { level: warning }\n");
            if (Directory.Exists(Path.Combine(directory, "data")))
                File.Delete(Path.Combine(directory, "data", "admin.kubeconfig")); // ports are new at each start
            var program = Path.Combine(AppContext.BaseDirectory, "mesh-controller.dll");
            var process = Process.Start(new ProcessStartInfo("dotnet", [program, "--config", config]) { RedirectStandardOutput = true })!;
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (await process.StandardOutput.ReadLineAsync(bound.Token) is { } line && !line.StartsWith("mesh-controller ready", StringComparison.Ordinal))
            {
            }

            return new ControllerProcess(process, directory);
        }

        public HttpClient Client()
        {
            var lines = File.ReadAllLines(Path.Combine(directory, "data", "admin.kubeconfig"));
            var handler = new SocketsHttpHandler();
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
            var client = new HttpClient(handler) { BaseAddress = new Uri(Value(lines, "server:")), Timeout = TimeSpan.FromSeconds(20) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Value(lines, "token:"));
            return client;
        }

        public void Kill() => process.Kill();

        public void Dispose()
        {
            if (!process.HasExited)
                process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        private static string Value(string[] lines, string key) => lines.Single(line => line.TrimStart().StartsWith(key, StringComparison.Ordinal)).Split(key)[1].Trim();
    }
}
