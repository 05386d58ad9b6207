using System.Globalization;
using Mesh.Kit.Machines;

namespace Mesh.Demo.Proofs;

/// <summary>The catalog as curl in a workload sees it, by name.</summary>
internal static class Catalog
{
    public const string Url = "http://catalog.shop.mesh";

    /// <summary>One request: status code and the answer with its headers.</summary>
    public static async Task<(int Status, string Answer)> GetAsync(LabWorkload from, params string[] more)
    {
        var result = await from.Space.RunAsync(
            ["curl", "-sS", "--max-time", "5", "-D", "-", "-H", $"x-payload: {World.Marker}", "-w", "\n%{http_code}", .. more, $"{Url}/one"]);
        int split = result.Output.LastIndexOf('\n');
        int status = int.TryParse(result.Output[(split + 1)..], CultureInfo.InvariantCulture, out int code) ? code : 0;
        return (status, split < 0 ? result.Error : result.Output[..split] + result.Error);
    }

    /// <summary>Many requests by one curl; how many each version answered, and how many were answered by neither.</summary>
    public static async Task<(int V1, int V2, int Other)> CountAsync(LabWorkload from, int requests, params string[] more)
    {
        var result = await from.Space.RunAsync(
            ["curl", "-sS", "--max-time", "60", "-H", $"x-payload: {World.Marker}", .. more, $"{Url}/many/[1-{requests}]"], bound: TimeSpan.FromSeconds(90));
        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int v1 = lines.Count(line => line.StartsWith("catalog v1", StringComparison.Ordinal));
        int v2 = lines.Count(line => line.StartsWith("catalog v2", StringComparison.Ordinal));
        return (v1, v2, requests - v1 - v2);
    }
}
