using Mesh.Kit.Machines;

namespace Mesh.Compare.Candidates;

/// <summary>Files of many services, each with the same number of endpoints elsewhere.</summary>
internal static class LargeMesh
{
    public const string Namespace = "bench";

    // A file may hold a million YAML values; an endpoint has 14.
    private const int PerFile = 20_000;

    /// <summary>Endpoint N belongs to service N modulo their number: names are s-0 … and e-0 ….</summary>
    /// <param name="more">More documents, in the file that comes last.</param>
    /// <returns>The folder with the files.</returns>
    public static async Task<string> WriteAsync(Lab lab, int services, int endpoints, string more)
    {
        string folder = Directory.CreateDirectory(Path.Combine(lab.Folder, "large")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "0-namespace.yaml"), $"{{ apiVersion: v1, kind: Namespace, metadata: {{ name: {Namespace} }} }}\n");
        var documents = Enumerable.Range(0, services).Select(Service).Concat(Enumerable.Range(0, endpoints).Select(number => Endpoint(number, number % services)));
        foreach (var (index, part) in documents.Chunk(PerFile).Index())
            await File.WriteAllLinesAsync(Path.Combine(folder, $"1-part-{index:00}.yaml"), part);
        if (more.Length > 0) await File.WriteAllTextAsync(Path.Combine(folder, "2-more.yaml"), more);
        return folder;
    }

    private static string Service(int number) =>
        $"---\n{{ apiVersion: v1, kind: Service, metadata: {{ name: s-{number}, namespace: {Namespace} }}, "
        + $"spec: {{ selector: {{ app: s-{number} }}, ports: [ {{ name: http, port: 80, targetPort: 8080, appProtocol: http }} ] }} }}";

    private static string Endpoint(int number, int service) =>
        $"---\n{{ apiVersion: mesh.internal/v1, kind: Workload, metadata: {{ name: e-{number}, namespace: {Namespace}, labels: {{ app: s-{service} }} }}, "
        + $"spec: {{ addresses: [ 10.{128 + (number >> 16)}.{(number >> 8) & 255}.{number & 255} ], tunnel: None }} }}";
}
