using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>A reverse proxy whose clients speak HTTP/2 without TLS. To the backend requests go as HTTP/1.1, because nginx knows nothing else; gRPC calls as
/// HTTP/2, to a server that sends the message back with a status in the trailers.</summary>
internal sealed class Http2Hop(string key, string title, bool grpc) : IScenario
{
    private const int EchoPort = 8081;

    public string Key => key;

    public string Title => title;

    public IReadOnlyList<Target> Targets => [Target.Ratio(Figure.CpuPerRequest, 0.90)];

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var place = await OneHop.StartAsync(lab);
        string[] target = [$"/{Backend.OneKiB}"];
        if (grpc) target = ["/bench.Echo/Unary", "-d", await StartEchoAsync(place.Machine), "-H", "content-type: application/grpc", "-H", "te: trailers"];
        session.Note("h2load counts only answers with 2xx; latencies are not measured, h2load hides waiting");
        var candidates = await session.StartAsync(Starts(place.Machine));
        await session.ForEachAsync(candidates, async candidate =>
        {
            if (grpc) await EchoesAsync(candidate, target);
            else await ResponseCheck.AnswersAsync(candidate, place.Backend, Backend.OneKiB, ["--http2-prior-knowledge"]);
            await Http2Load.RunAsync(candidate, target, session.Plan.WarmUp);
        });
        await FullLoad.RoundsAsync(session, candidates, (Figure.CpuPerRequest, Figure.RequestsPerSecond), candidate => Http2Load.RunAsync(candidate, target, session.Plan.FullLoad));
    }

    /// <returns>The file with the message that clients send: 100 bytes behind its prefix.</returns>
    private static async Task<string> StartEchoAsync(Machine machine)
    {
        string message = Path.Combine(machine.Folder, "message");
        byte[] bytes = new byte[105];
        bytes[4] = 100;
        await File.WriteAllBytesAsync(message, bytes);
        machine.Start("echo", [.. Cores.Load, "nghttpd", "--no-tls", "-a", "127.0.0.1", "--echo-upload", "--trailer", "grpc-status: 0", "-d", machine.Folder, $"{EchoPort}"]);
        return message;
    }

    private static async Task EchoesAsync(Candidate candidate, string[] target)
    {
        string message = target[2], answer = message + ".answer";
        string[] command =
        [
            "curl", "-fsS", "--http2-prior-knowledge", "--max-time", "5", "-o", answer, "--data-binary", $"@{message}",
            "-H", "content-type: application/grpc", "-H", "te: trailers", $"{candidate.Origin}{target[0]}",
        ];
        await Until.TrueAsync($"{candidate.Name} echoes a message", TimeSpan.FromSeconds(20), async () => (await candidate.From.RunAsync(command)).Ok);
        byte[] got = await File.ReadAllBytesAsync(answer), wanted = await File.ReadAllBytesAsync(message);
        if (!got.AsSpan().SequenceEqual(wanted)) throw new InvalidOperationException($"{candidate.Name} echoes another message");
    }

    private IAsyncEnumerable<CandidateStart> Starts(Machine machine)
    {
        int port = grpc ? EchoPort : Backend.Port;
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
