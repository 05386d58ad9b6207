using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>A reverse proxy whose clients speak HTTP/2 without TLS. To the backend requests go as HTTP/1.1, because nginx knows nothing else; gRPC calls as
/// HTTP/2.</summary>
internal sealed class Http2Hop(string key, string title, bool grpc) : IScenario
{
    private static readonly string[] grpcHeaders = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
    private static readonly string[] asCall = ["--http2-prior-knowledge", .. grpcHeaders, "--data-binary"];

    public string Key => key;

    public string Title => title;

    public IReadOnlyList<Target> Targets => [Target.Ratio(Figure.CpuPerRequest, 0.90)];

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var place = await OneHop.StartAsync(lab);
        string[] target = [$"/{Backend.OneKiB}"];
        if (grpc) target = [$"/{Backend.Method}", "-d", place.Backend.File(Backend.Method), .. grpcHeaders];
        session.Note("h2load counts only answers with 2xx; latencies are not measured, h2load hides waiting");
        var candidates = await session.StartAsync(Starts(place.Machine));
        await session.ForEachAsync(candidates, async candidate =>
        {
            if (grpc) await ResponseCheck.AnswersAsync(candidate, place.Backend, Backend.Method, [.. asCall, $"@{place.Backend.File(Backend.Method)}"]);
            else await ResponseCheck.AnswersAsync(candidate, place.Backend, Backend.OneKiB, ["--http2-prior-knowledge"]);
            await Http2Load.RunAsync(candidate, target, session.Plan.WarmUp);
        });
        await FullLoad.RoundsAsync(session, candidates, (Figure.CpuPerRequest, Figure.RequestsPerSecond), candidate => Http2Load.RunAsync(candidate, target, session.Plan.FullLoad));
    }

    private IAsyncEnumerable<CandidateStart> Starts(Machine machine)
    {
        int port = grpc ? Backend.GrpcPort : Backend.Port;
        string backend = $"127.0.0.1:{port}";
        string gateway = StandaloneMeshd.Gateway(OneHop.MeshdPort, "HTTP") + Observing.Policy("default", 0);
        return new[]
        {
            OneHop.Started("nginx", machine, 9001, NginxPeer.Http2Async(machine, "nginx", 9001, backend, grpc)),
            OneHop.Started("haproxy", machine, 9002, HaproxyPeer.Http2Async(machine, "haproxy", 9002, backend, grpc)),
            OneHop.Started(Candidate.Meshd, machine, OneHop.MeshdPort, StandaloneMeshd.StartAsync(machine, gateway, port, grpc ? "grpc" : "http")),
        }.ToAsyncEnumerable();
    }
}
