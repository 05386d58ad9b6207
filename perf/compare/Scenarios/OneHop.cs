using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>A reverse proxy on one machine, no TLS, one worker. meshd runs standalone with a Gateway.</summary>
/// <param name="features">meshd with a hundred routes, its access log sampled and trace headers; its peers as ever.</param>
internal sealed class OneHop(string key, string title, bool features, Traffic traffic, params Target[] targets) : IScenario
{
    public const int MeshdPort = 9003;

    private static readonly string backendAddress = $"127.0.0.1:{Backend.Port}";

    public string Key => key;

    public string Title => title;

    public IReadOnlyList<Target> Targets => targets;

    public async Task MeasureAsync(Session session)
    {
        await using var lab = await Session.CreateLabAsync();
        var hop = await StartAsync(lab);
        string log = Observing.Policy("default", features ? 1 : 0);
        var starts = Http(hop, (features ? StandaloneMeshd.HundredRoutes(MeshdPort) : StandaloneMeshd.Gateway(MeshdPort, "HTTP")) + log);
        if (features) session.Note("peers have one route, no access log and no metrics; at a Gateway there is no access policy, which c and d have");
        await TrafficRounds.RunAsync(session, await session.StartAsync(starts), hop.Direct, hop.Backend, traffic);
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

    /// <param name="gateway">Resources of meshd, on <see cref="MeshdPort"/>.</param>
    public static IAsyncEnumerable<CandidateStart> Http(Place place, string gateway) => new[]
    {
        Started("nginx", place.Machine, 9001, NginxPeer.ProxyAsync(place.Machine, "nginx", 9001, backendAddress)),
        Started("haproxy", place.Machine, 9002, HaproxyPeer.ProxyAsync(place.Machine, "haproxy", 9002, backendAddress)),
        Started(Candidate.Meshd, place.Machine, MeshdPort, StandaloneMeshd.StartAsync(place.Machine, gateway)),
    }.ToAsyncEnumerable();

    public static IAsyncEnumerable<CandidateStart> Tcp(Place place, string gateway) => new[]
    {
        Started("nginx", place.Machine, 9001, NginxPeer.StreamAsync(place.Machine, "nginx", 9001, backendAddress)),
        Started("haproxy", place.Machine, 9002, HaproxyPeer.ProxyAsync(place.Machine, "haproxy", 9002, backendAddress, tcp: true)),
        Started(Candidate.Meshd, place.Machine, MeshdPort, StandaloneMeshd.StartAsync(place.Machine, gateway)),
    }.ToAsyncEnumerable();

    /// <param name="port">Where the program listens on the machine.</param>
    public static CandidateStart Started(string name, Machine machine, int port, Task<Background> process)
    {
        return new(name, CandidateAsync());

        async Task<Candidate> CandidateAsync() => new(name, machine.Space, $"http://127.0.0.1:{port}", [MeasuredProcess.Of(await process)]);
    }
}
