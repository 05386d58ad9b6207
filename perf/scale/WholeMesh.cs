using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mesh.Store;

namespace Mesh.Scale;

/// <summary>The real mesh-controller and the real meshd on loopback, with traffic through a gateway of meshd. meshd has core 0, the rest core 1.</summary>
/// <param name="database">As <see cref="SeedAsync"/> makes it; copied.</param>
internal sealed partial class WholeMesh(string programs, string database) : IAsyncDisposable
{
    private const int Gateway = 19580;
    private readonly string folder = Directory.CreateTempSubdirectory("mesh-scale-").FullName;
    private readonly List<Process> running = [];
    private readonly HttpClient api = new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } });
    private readonly HttpClient plain = new();

    public async Task RunAsync(ScaleWorld world)
    {
        using var a = new Answering("A");
        using var b = new Answering("B");
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        File.SetUnixFileMode(Path.Combine(folder, "data"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Copy(database, Path.Combine(folder, "data", "mesh.db"));
        await StartControllerAsync();
        var clock = Stopwatch.StartNew();
        var daemon = await StartDaemonAsync();
        Console.WriteLine($"meshd: first start to ready, everything from the controller: {clock.ElapsedMilliseconds} ms");
        Memory("meshd: applied", daemon);
        await PatchAsync("probe", "probe", Spec("ports", new JsonObject { ["web"] = a.Port }));
        await UntilAsync(async () => await plain.GetStringAsync($"http://127.0.0.1:{Gateway}/") == "A");

        await EffectsAsync(b.Port, a.Port);
        await Task.Delay(TimeSpan.FromSeconds(5)); // the controller's own work after that many changes is over
        var quiet = await Traffic.RunAsync(Gateway, TimeSpan.FromSeconds(10));
        Console.WriteLine($"traffic, quiet: {quiet}");
        Memory("meshd: with traffic", daemon);
        double cpu = daemon.TotalProcessorTime.TotalSeconds;
        using var stop = new CancellationTokenSource();
        var changing = ChangeAsync(world, stop.Token);
        var busy = await Traffic.RunAsync(Gateway, TimeSpan.FromSeconds(15));
        await stop.CancelAsync();
        daemon.Refresh();
        Console.WriteLine($"traffic, {await changing / 15.0:f0} changes a second: {busy}; p99 {busy.P99 / quiet.P99:f2} of quiet; meshd {(daemon.TotalProcessorTime.TotalSeconds - cpu) / 15:p0} of a core");
        await EffectsAsync(b.Port, a.Port);
        Memory("meshd: after the changes", daemon);
        await Task.Delay(TimeSpan.FromSeconds(3));

        Console.WriteLine($"on disk: {new FileInfo(Path.Combine(folder, "node", "config", "last-good")).Length / 1048576.0:f1} MiB");
        await StopAsync(daemon);
        await StopAsync(running[0]);
        for (int i = 0; i < 5; i++)
        {
            clock.Restart();
            daemon = await StartDaemonAsync();
            Console.WriteLine($"meshd: start to ready from disk, controller away: {clock.ElapsedMilliseconds} ms");
            if (i == 4) Memory("meshd: from disk", daemon);
            await StopAsync(daemon);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in running.Where(static p => !p.HasExited)) await StopAsync(process);
        api.Dispose();
        plain.Dispose();
        Directory.Delete(folder, true);
    }

    /// <summary>Makes the controller's database.</summary>
    public static async Task SeedAsync(string database, ScaleWorld world)
    {
        var clock = Stopwatch.StartNew();
        using var store = StoreHandle.OpenSqlite(database, TimeProvider.System, new Random(1));
        var all = world.All.Concat(Probe(1)).ToList();
        await store.Resources.WriteAsync(new ChangeAuthor("scale", Audited: false), _ => [.. all.Select(Change.Create)]);
        Console.WriteLine($"store: {all.Count} resources written in {clock.Elapsed.TotalSeconds:f1} s");
    }

    private static IEnumerable<Resources.Resource> Probe(int port) =>
    [
        ScaleWorld.Make("v1", "Namespace", "probe", null, []),
        ScaleWorld.Make("v1", "Service", "probe", "probe", Json("""{"selector":{"app":"probe"},"ports":[{"name":"http","port":80,"targetPort":"web"}]}""")),
        ScaleWorld.Make("mesh.internal/v1", "Workload", "probe", "probe",
            Json($$"""{"addresses":["127.0.0.1"],"tunnel":"None","ports":{"web":{{port}} } }"""), new JsonObject { ["app"] = "probe" }),
        ScaleWorld.Make("gateway.networking.k8s.io/v1", "Gateway", "edge", "probe",
            Json($$"""{"gatewayClassName":"meshd","addresses":[{"type":"IPAddress","value":"127.0.0.1"}],"listeners":[{"name":"http","port":{{Gateway}},"protocol":"HTTP"}]}""")),
        ScaleWorld.Make("gateway.networking.k8s.io/v1", "HTTPRoute", "all", "probe",
            Json("""{"parentRefs":[{"name":"edge"}],"rules":[{"backendRefs":[{"name":"probe","port":80}]}]}""")),
    ];

    private async Task StartControllerAsync()
    {
        string config = Path.Combine(folder, "controller.yaml");
        await File.WriteAllTextAsync(config, $"listen: 127.0.0.1:19510\nnodes: 127.0.0.1:19512\nmetrics: 127.0.0.1:19514\ndata: {folder}/data\n");
        var clock = Stopwatch.StartNew();
        var controller = Start(1, "mesh-controller", "--config", config);
        await UntilAsync(async () => (await plain.GetAsync("http://127.0.0.1:19514/readyz")).IsSuccessStatusCode);
        Console.WriteLine($"mesh-controller: start to ready: {clock.ElapsedMilliseconds} ms");
        Memory("mesh-controller", controller);
        string kubeconfig = await File.ReadAllTextAsync(Path.Combine(folder, "data", "admin.kubeconfig"));
        api.BaseAddress = new Uri("https://127.0.0.1:19510");
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TokenField().Match(kubeconfig).Groups[1].Value);
        await File.WriteAllBytesAsync(Path.Combine(folder, "ca.pem"), Convert.FromBase64String(AuthorityField().Match(kubeconfig).Groups[1].Value));
        var meshctl = new ProcessStartInfo(Path.Combine(programs, "meshctl"), ["token", "create", "--node", "scale"]) { RedirectStandardOutput = true };
        meshctl.Environment["KUBECONFIG"] = meshctl.Environment["MESHCONFIG"] = Path.Combine(folder, "data", "admin.kubeconfig");
        using var token = Process.Start(meshctl)!;
        await File.WriteAllTextAsync(Path.Combine(folder, "token"), (await token.StandardOutput.ReadToEndAsync()).Trim().Split('\n')[^1].Trim());
    }

    private async Task<Process> StartDaemonAsync()
    {
        var daemon = Start(0, "meshd", "--controller", "https://127.0.0.1:19512", "--trust-ca-file", $"{folder}/ca.pem", "--trust-join-token-file", $"{folder}/token",
            "--node", "scale", "--state-directory", $"{folder}/node", "--node-socket", $"{folder}/node.sock", "--workers", "1",
            "--admin", "127.0.0.1:19501", "--metrics", "127.0.0.1:19502", "--readiness", "127.0.0.1:19503", "--log-level", "warning");
        await UntilAsync(async () => (await plain.GetAsync("http://127.0.0.1:19503/readyz")).IsSuccessStatusCode);
        return daemon;
    }

    /// <summary>Moves the probe's endpoint to the other port, back and forth, and waits for the other answer.</summary>
    private async Task EffectsAsync(params int[] ports)
    {
        var times = new List<double>();
        for (int i = 0; i < 20; i++)
        {
            string expected = i % 2 == 0 ? "B" : "A";
            var clock = Stopwatch.StartNew();
            await PatchAsync("probe", "probe", Spec("ports", new JsonObject { ["web"] = ports[i % 2] }));
            while (await plain.GetStringAsync($"http://127.0.0.1:{Gateway}/") != expected) await Task.Delay(1);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        times.Sort();
        Console.WriteLine($"one endpoint changed to its effect: median {times[10]:f0} ms, longest {times[^1]:f0} ms");
    }

    /// <summary>Each at its time, whether those before it are answered or not.</summary>
    /// <returns>How many.</returns>
    private async Task<int> ChangeAsync(ScaleWorld world, CancellationToken stop)
    {
        int changes = 0;
        var asked = new List<Task>();
        using var each = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        try
        {
            for (; await each.WaitForNextTickAsync(stop); changes++)
            {
                var workload = world.WorkloadOf(changes * 7919 % world.Workloads, 1 + changes / 100);
                asked.Add(PatchAsync(workload.Namespace, workload.Name, Spec("addresses", workload.Spec!["addresses"]!.DeepClone())));
            }
        }
        catch (OperationCanceledException)
        {
            // enough
        }
        await Task.WhenAll(asked);
        return changes;
    }

    private async Task PatchAsync(string space, string name, string patch)
    {
        using var content = new StringContent(patch, Encoding.UTF8, "application/merge-patch+json");
        using var response = await api.PatchAsync($"/apis/mesh.internal/v1/namespaces/{space}/workloads/{name}", content);
        if (!response.IsSuccessStatusCode) throw new InvalidOperationException(await response.Content.ReadAsStringAsync());
    }

    private Process Start(int core, string program, params string[] arguments)
    {
        string command = $"exec taskset -c {core} {string.Join(' ', arguments.Prepend(Path.Combine(programs, program)))} >> {folder}/{program}.log 2>&1";
        var process = Process.Start("bash", ["-c", command]);
        running.Add(process);
        return process;
    }

    private static async Task StopAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)])!;
        await process.WaitForExitAsync();
    }

    private static void Memory(string what, Process process)
    {
        var status = File.ReadAllLines($"/proc/{process.Id}/status").Where(static line => line.StartsWith("VmHWM") || line.StartsWith("VmRSS") || line.StartsWith("RssAnon"));
        Console.WriteLine($"{what}: {string.Join(", ", status.Select(static line => Spaces().Replace(line, " ")))}");
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(80); await Task.Delay(2))
        {
            try
            {
                if (await condition()) return;
            }
            catch (HttpRequestException)
            {
                // not listening yet
            }
        }
        throw new TimeoutException("not ready after 80 s");
    }

    private static string Spec(string field, JsonNode value) => new JsonObject { ["spec"] = new JsonObject { [field] = value } }.ToJsonString();

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    [GeneratedRegex(@"""?certificate-authority-data""?:\s*""?([A-Za-z0-9+/=]+)")]
    private static partial Regex AuthorityField();

    [GeneratedRegex(@"(?m)^\s*-?\s*""?token""?:\s*""?([^""\s,]+)")]
    private static partial Regex TokenField();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
