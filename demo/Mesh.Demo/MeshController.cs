using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mesh.Kit.Machines;

namespace Mesh.Demo;

/// <summary>The controller on a machine of its own, and its REST API as any HTTP client sees it.</summary>
internal sealed partial class MeshController(Machine machine, string programs)
{
    private Background? daemon;

    /// <summary>Put before the program, to give it a core or a priority.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];

    /// <summary>More lines of its configuration.</summary>
    public string MoreOptions { get; init; } = "";

    /// <summary>For a start with many resources.</summary>
    public TimeSpan ReadyBound { get; init; } = TimeSpan.FromSeconds(20);

    public Machine Machine => machine;

    public int Id => daemon!.Id;

    /// <summary>With which the API knows the administrator.</summary>
    public string AdminToken => FromKubeconfig(Token());

    public string Data => Path.Combine(machine.Folder, "data");

    public string Kubeconfig => Path.Combine(Data, "admin.kubeconfig");

    /// <summary>The authority's certificate, which a node is given before it joins.</summary>
    public string CaFile => Path.Combine(machine.Folder, "ca.pem");

    public string Api => $"https://{machine.Address}:15010";

    public async Task StartAsync()
    {
        string config = Path.Combine(machine.Folder, "controller.yaml");
        await File.WriteAllTextAsync(config, $"listen: 0.0.0.0:15010\nnodes: 0.0.0.0:15012\nmetrics: 0.0.0.0:15014\ndata: {Data}\n{MoreOptions}\n");
        daemon = machine.Start("mesh-controller", [.. Prefix, Path.Combine(programs, "mesh-controller"), "--config", config]);
        await Until.TrueAsync("the controller is ready", ReadyBound, async () =>
        {
            if (daemon.HasExited) throw new InvalidOperationException($"mesh-controller ended with {daemon.ExitCode}:\n{daemon.LogTail()}");
            return File.Exists(Kubeconfig) && (await machine.Space.RunAsync("curl -fsS --max-time 2 http://127.0.0.1:15014/readyz")).Ok;
        }, () => daemon.LogTail());
        await File.WriteAllBytesAsync(CaFile, Convert.FromBase64String(FromKubeconfig(AuthorityData())));
    }

    public async Task StopAsync()
    {
        if (!await daemon!.StopAsync(TimeSpan.FromSeconds(15))) throw new TimeoutException("the controller did not end within 15 s of SIGTERM");
    }

    /// <summary>A token with which one node may join.</summary>
    public async Task<string> CreateTokenAsync(string node) =>
        (await MeshctlAsync("token", "create", "--node", node)).Must().Output.Trim().Split('\n')[^1].Trim();

    public Task<ShellResult> MeshctlAsync(params string[] arguments) =>
        machine.Space.RunAsync(["env", $"KUBECONFIG={Kubeconfig}", $"MESHCONFIG={Kubeconfig}", Path.Combine(programs, "meshctl"), .. arguments]);

    public async Task<JsonNode> GetAsync(string path) => await RequestAsync("GET", path, null, null);

    public async Task<JsonNode> PatchAsync(string path, string mergePatch) => await RequestAsync("PATCH", path, "application/merge-patch+json", mergePatch);

    private async Task<JsonNode> RequestAsync(string method, string path, string? contentType, string? body)
    {
        List<string> command =
        [
            "curl", "-sS", "--max-time", "10", "--cacert", CaFile, "-X", method, "-H", $"Authorization: Bearer {FromKubeconfig(Token())}",
            "-w", "\n%{http_code}", Api + path,
        ];
        if (contentType is not null) command.AddRange(["-H", $"Content-Type: {contentType}", "--data-binary", "@-"]);
        var result = (await machine.Space.RunAsync(command, body)).Must();
        int split = result.Output.LastIndexOf('\n');
        int status = int.Parse(result.Output[(split + 1)..], CultureInfo.InvariantCulture);
        if (status >= 300) throw new InvalidOperationException($"{method} {path} answered {status}: {result.Output[..split]}");
        return JsonNode.Parse(result.Output[..split])!;
    }

    private string FromKubeconfig(Regex field) =>
        field.Match(File.ReadAllText(Kubeconfig)) is { Success: true } match ? match.Groups[1].Value
            : throw new InvalidOperationException($"{Kubeconfig} has no field that matches {field}");

    [GeneratedRegex(@"""?certificate-authority-data""?:\s*""?([A-Za-z0-9+/=]+)")]
    private static partial Regex AuthorityData();

    [GeneratedRegex(@"(?m)^\s*""?token""?:\s*""?([^""\s,]+)")]
    private static partial Regex Token();
}
