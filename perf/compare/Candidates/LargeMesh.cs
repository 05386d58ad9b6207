namespace Mesh.Compare.Candidates;

/// <summary>A file of many services, each with the same number of endpoints elsewhere.</summary>
internal static class LargeMesh
{
    public const string Namespace = "bench";

    /// <summary>Endpoint N belongs to service N modulo their number: names are s-0 … and e-0 ….</summary>
    public static async Task WriteAsync(string file, int services, int endpoints, string more)
    {
        await using var writer = new StreamWriter(file);
        await writer.WriteLineAsync($"{{ apiVersion: v1, kind: Namespace, metadata: {{ name: {Namespace} }} }}");
        for (int i = 0; i < services; i++) await writer.WriteLineAsync(Service(i));
        for (int i = 0; i < endpoints; i++) await writer.WriteLineAsync(Endpoint(i, i % services));
        await writer.WriteLineAsync(more);
    }

    private static string Service(int number) =>
        $"---\n{{ apiVersion: v1, kind: Service, metadata: {{ name: s-{number}, namespace: {Namespace} }}, "
        + $"spec: {{ selector: {{ app: s-{number} }}, ports: [ {{ name: http, port: 80, targetPort: 8080, appProtocol: http }} ] }} }}";

    private static string Endpoint(int number, int service) =>
        $"---\n{{ apiVersion: mesh.internal/v1, kind: Workload, metadata: {{ name: e-{number}, namespace: {Namespace}, labels: {{ app: s-{service} }} }}, "
        + $"spec: {{ addresses: [ 10.{128 + (number >> 16)}.{(number >> 8) & 255}.{number & 255} ], tunnel: None }} }}";
}
