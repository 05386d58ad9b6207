using Mesh.Kit.Machines;

namespace Mesh.Demo;

/// <summary>meshd on one machine: its configuration, its process over restarts, and what it says about itself.</summary>
internal sealed class MeshDaemon(Machine machine, string programs)
{
    private Background? daemon;

    /// <summary>Put before the program, to pin it to a core.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];

    /// <summary>More lines of its configuration.</summary>
    public string MoreOptions { get; init; } = "";

    public Machine Machine => machine;

    public string NodeSocket => Path.Combine(machine.Folder, "node.sock");

    public string State => Path.Combine(machine.Folder, "state");

    public int Id => daemon!.Id;

    public string Log => daemon!.ReadLog();

    public string LogTail => daemon!.LogTail();

    public async Task JoinAsync(MeshController controller)
    {
        await PrepareAsync(controller);
        await StartAsync();
    }

    /// <summary>Writes its configuration, with a token to join.</summary>
    public async Task PrepareAsync(MeshController controller)
    {
        string token = Path.Combine(machine.Folder, "join.token");
        await File.WriteAllTextAsync(token, await controller.CreateTokenAsync(machine.Name));
        await File.WriteAllTextAsync(Config, $$"""
            node: {{machine.Name}}
            controller: https://{{controller.Machine.Address}}:15012
            trust: { caFile: {{controller.CaFile}}, joinTokenFile: {{token}} }
            admin: 127.0.0.1:15000
            metrics: 0.0.0.0:15020
            readiness: 0.0.0.0:15021
            stateDirectory: {{State}}
            nodeSocket: {{NodeSocket}}
            log: { level: info, format: json }
            {{MoreOptions}}
            """);
    }

    /// <summary>Starts the process and waits for nothing.</summary>
    public void Launch() => daemon = machine.Start("meshd", [.. Prefix, Path.Combine(programs, "meshd"), "--config", Config]);

    /// <summary>Starts the process and waits until it says it is ready.</summary>
    public async Task<TimeSpan> StartAsync()
    {
        Launch();
        return await Until.TrueAsync($"meshd on {machine.Name} is ready", TimeSpan.FromSeconds(20), async () =>
        {
            if (daemon!.HasExited) throw new InvalidOperationException($"meshd ended with {daemon.ExitCode}:\n{daemon.LogTail()}");
            return (await machine.Space.RunAsync("curl -fsS --max-time 2 http://127.0.0.1:15021/readyz")).Ok;
        }, () => LogTail);
    }

    public async Task StopAsync()
    {
        if (!await daemon!.StopAsync(TimeSpan.FromSeconds(20))) throw new TimeoutException($"meshd on {machine.Name} did not end within 20 s of SIGTERM");
    }

    public Task KillAsync() => daemon!.KillAsync();

    public async Task<string> MetricsAsync() => await machine.Space.MustAsync("curl -fsS --max-time 5 http://127.0.0.1:15020/metrics");

    /// <summary>Sum of the series of a metric whose labels contain every given text.</summary>
    public async Task<double> MetricAsync(string name, params string[] labels) => (await MetricsAsync()).Split('\n')
        .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)))
        .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));

    private string Config => Path.Combine(machine.Folder, "meshd.yaml");
}
