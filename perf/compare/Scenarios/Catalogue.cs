using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;

namespace Mesh.Compare.Scenarios;

/// <summary>All scenarios with their targets, in the order in which they run.</summary>
internal static class Catalogue
{
    public static readonly IReadOnlyList<IScenario> All =
    [
        new OneHop("a", "one hop, HTTP/1.1, 1 KiB, 64 connections", features: false, new(Backend.OneKiB, Rate: 8000), Target.Ratio(Figure.CpuPerRequest, 0.90)),
        new OneHop("b", "the same with mesh features on, against peers without them", features: true, new(Backend.OneKiB, Rate: 8000),
            Target.Ratio(Figure.CpuPerRequest, 1.00)),
        new MtlsTraffic("c", "two machines, mutual TLS", machines: 2, opaque: false, new(Backend.OneKiB, Rate: 3000), Target.Ratio(Figure.CpuPerRequest, 0.80)),
        new MtlsTraffic("d", "same machine, one hop against a pair with mutual TLS", machines: 1, opaque: false, new(Backend.OneKiB, Rate: 4000),
            Target.Ratio(Figure.CpuPerRequest, 0.35)),
        new BulkOneHop(),
        new BulkMtls(),
        new OneHop("f", "one hop, a new connection per request", features: false, new(Backend.OneKiB, Rate: 2000, NewConnections: true),
            Target.Ratio(Figure.CpuPerRequest, 1.00)),
        new MtlsTraffic("f-mtls", "two machines, mutual TLS, a new opaque TCP connection per request", machines: 2, opaque: true,
            new(Backend.OneKiB, Rate: 150, NewConnections: true), Target.Ratio(Figure.CpuPerRequest, 1.00)),
        new OneHop("g", "one hop, 256 KiB responses, 64 connections", features: false, new(Backend.QuarterMiB, Rate: 500), Target.Ratio(Figure.CpuPerRequest, 1.00)),
        new IdleHop(),
        new Footprint(),
        new MeshFootprint(),
        new Scale(),
        new StartUp(),
        new Http2Hop("l", "one hop, HTTP/2, 1 KiB, 16 connections with 10 streams", grpc: false),
        new Http2Hop("m", "one hop, gRPC unary, 100 bytes, 16 connections with 10 streams", grpc: true),
        new RedisHop("n-single", "Redis commands one by one, 50 connections", pipeline: 1),
        new RedisHop("n-pipelined", "Redis commands, 100 at once, 50 connections", pipeline: 100),
        new Scraped(),
    ];

    /// <param name="only">Keys or first letters, separated by commas; empty selects all.</param>
    /// <exception cref="FormatException">One of them selects nothing.</exception>
    public static IReadOnlyList<IScenario> Select(string only)
    {
        if (only.Length == 0) return All;
        string[] wanted = only.Split(',');
        foreach (string key in wanted)
            if (!All.Any(scenario => Is(scenario, key))) throw new FormatException($"there is no scenario '{key}'; there are {string.Join(", ", All.Select(scenario => scenario.Key))}");
        return [.. All.Where(scenario => wanted.Any(key => Is(scenario, key)))];
    }

    private static bool Is(IScenario scenario, string key) => scenario.Key == key || (key.Length == 1 && scenario.Key[0] == key[0]);
}
