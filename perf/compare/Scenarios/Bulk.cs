using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;

namespace Mesh.Compare.Scenarios;

/// <summary>One GiB over opaque TCP through a Gateway; peers as TCP proxies.</summary>
internal sealed class BulkOneHop : IScenario
{
    public string Key => "e";

    public string Title => "1 GiB over opaque TCP, one hop";

    public IReadOnlyList<Target> Targets => [Target.Ratio(Figure.CpuPerGiB, 1.00)];

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var hop = await OneHop.StartAsync(lab);
        await BulkRounds.RunAsync(session, await session.StartAsync(OneHop.Tcp(hop, StandaloneMeshd.Gateway(OneHop.MeshdPort, "TCP"))), hop.Backend);
    }
}

/// <summary>One GiB over opaque TCP between workloads on two machines; peers as pairs of TCP proxies.</summary>
internal sealed class BulkMtls : IScenario
{
    public string Key => "e-mtls";

    public string Title => "1 GiB over opaque TCP, two machines with mutual TLS";

    public IReadOnlyList<Target> Targets => [Target.Ratio(Figure.CpuPerGiB, 1.00)];

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var pairs = await MtlsTraffic.StartAsync(lab, machines: 2);
        await BulkRounds.RunAsync(session, await session.StartAsync(MtlsTraffic.Candidates(session, lab, pairs, opaque: true)), pairs.Backend);
    }
}
