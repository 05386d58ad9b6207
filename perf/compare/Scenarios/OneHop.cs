using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>A reverse proxy on one machine, no TLS, one worker. meshd runs standalone with a Gateway.</summary>
internal sealed class OneHop(string key, string title, Traffic traffic, params Target[] targets) : IScenario
{
    private static readonly string backendAddress = $"127.0.0.1:{Backend.Port}";

    public string Key => key;

    public string Title => title;

    public IReadOnlyList<Target> Targets => targets;

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var hop = await StartAsync(lab);
        await TrafficRounds.RunAsync(session, await session.StartAsync(Http(hop)), hop.Direct, hop.Backend, traffic);
    }

    /// <summary>The machine and the backend on it.</summary>
    public readonly record struct Place(Machine Machine, Backend Backend)
    {
        public Candidate Direct => Candidate.Unproxied(Machine.Space, $"http://{backendAddress}");
    }

    public static async Task<Place> StartAsync(Lab lab)
    {
        var machine = await lab.AddMachineAsync("host");
        return new(machine, await Backend.StartAsync(machine.Folder, machine.Start));
    }

    public static IAsyncEnumerable<CandidateStart> Http(Place place) => new[]
    {
        Started("nginx", place, 9001, NginxPeer.ProxyAsync(place.Machine, "nginx", 9001, backendAddress)),
        Started("haproxy", place, 9002, HaproxyPeer.ProxyAsync(place.Machine, "haproxy", 9002, backendAddress)),
        Started(Candidate.Meshd, place, 9003, StandaloneMeshd.StartAsync(place.Machine, StandaloneMeshd.Gateway(9003, "HTTP"))),
    }.ToAsyncEnumerable();

    public static IAsyncEnumerable<CandidateStart> Tcp(Place place) => new[]
    {
        Started("nginx", place, 9001, NginxPeer.StreamAsync(place.Machine, "nginx", 9001, backendAddress)),
        Started("haproxy", place, 9002, HaproxyPeer.ProxyAsync(place.Machine, "haproxy", 9002, backendAddress, tcp: true)),
        Started(Candidate.Meshd, place, 9003, StandaloneMeshd.StartAsync(place.Machine, StandaloneMeshd.Gateway(9003, "TCP"))),
    }.ToAsyncEnumerable();

    private static CandidateStart Started(string name, Place place, int port, Task<Background> process)
    {
        return new(name, CandidateAsync());

        async Task<Candidate> CandidateAsync() => new(name, place.Machine.Space, $"http://127.0.0.1:{port}", [MeasuredProcess.Of(await process)]);
    }
}
