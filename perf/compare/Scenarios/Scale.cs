using System.Diagnostics;
using System.Net;
using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Demo;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>One node of a large mesh: its memory, how long until everything is applied, how long until a change has its effect, and what changes
/// do to the traffic. The controller has everything before the node starts; it shares the load's core, as which it would have a machine of its own: it
/// works when the load does not (SCHED_IDLE), so that the load is as punctual with changes as without.</summary>
internal sealed class Scale : IScenario
{
    private const int Port = 9003, ChangesPerSecond = 100;
    private const string Origin = "http://127.0.0.1:9003";

    private static readonly TimeSpan bound = TimeSpan.FromMinutes(3);
    private static readonly Traffic traffic = new(Backend.OneKiB, Rate: 2000);

    public string Key => "j";

    public string Title => "10,000 services with 100,000 endpoints";

    public IReadOnlyList<Target> Targets =>
    [
        Target.Value(Figure.Resident, 400), Target.Value(Figure.ApplyAll, 10), Target.Value(Figure.ChangeToEffect, 100), Target.Value(Figure.P99Growth, 1.2),
    ];

    public async Task MeasureAsync(Session session)
    {
        var (services, endpoints) = session.Plan.Small ? (200, 2_000) : (10_000, 100_000);
        session.Note($"{services} services, {endpoints} endpoints; applied: from starting meshd without state until the service that comes last answers");
        await using var lab = await Session.CreateLabAsync();
        var machine = await lab.AddMachineAsync("node");
        var backend = await Backend.StartAsync(machine.Folder, machine.Start);
        string folder = await LargeMesh.WriteAsync(lab, services, endpoints, Own(machine));
        var controller = new MeshController(await lab.AddMachineAsync("controller"), Repository.Programs)
        {
            Prefix = ["chrt", "--idle", "0"],
            MoreOptions = $"resources: [ {folder} ]",
            ReadyBound = bound,
        };
        long start = Stopwatch.GetTimestamp();
        await controller.StartAsync();
        await session.SayAsync($"the controller has everything after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
        var daemon = new MeshDaemon(machine, Repository.Programs) { Prefix = Cores.Candidate, MoreOptions = "workers: 1\n" };
        await daemon.PrepareAsync(controller);
        using var client = NamespaceHttp.Plain(machine.Space);
        using var api = NamespaceHttp.Api(controller);
        await MeasureApplyAsync(session, daemon, client);
        await MeasureEffectAsync(session, api, client);
        var candidate = new Candidate(Candidate.Meshd, machine.Space, Origin, [new(daemon.Id, () => daemon.LogTail)]);
        var direct = Candidate.Unproxied(machine.Space, $"http://{machine.Address}:{Backend.Port}");
        await MeasureTrafficAsync(session, candidate, direct, backend, () => ChangeAsync(api, endpoints));
        session.Record(Figure.Resident, Candidate.Meshd, ProcessTree.ResidentMiB([daemon.Id]));
        session.Record(Figure.ControllerResident, Candidate.Meshd, ProcessTree.ResidentMiB([controller.Id]));
    }

    private static async Task MeasureApplyAsync(Session session, MeshDaemon daemon, NamespaceHttp client)
    {
        long start = Stopwatch.GetTimestamp();
        daemon.Launch();
        await Until.TrueAsync("everything is applied", bound, async () => await client.StatusAsync($"{Origin}/{Backend.OneKiB}") == HttpStatusCode.OK, () => daemon.LogTail);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        session.Record(Figure.ApplyAll, Candidate.Meshd, seconds);
        await session.SayAsync($"applied after {seconds:0.00} s, {ProcessTree.ResidentMiB([daemon.Id]):0} MiB");
    }

    /// <summary>The only endpoint of a service comes and goes: the backend's 404 or the proxy's 503.</summary>
    private static async Task MeasureEffectAsync(Session session, NamespaceHttp api, NamespaceHttp client)
    {
        for (int change = 0; change < 4 * session.Plan.Rounds; change++)
        {
            bool there = change % 2 == 1;
            long start = Stopwatch.GetTimestamp();
            await api.PatchAsync(WorkloadPath("zz-probe"), Merge("metadata", $"{{\"labels\":{{\"app\":\"{(there ? "zz-probe" : "none")}\"}}}}"));
            var wanted = there ? HttpStatusCode.NotFound : HttpStatusCode.ServiceUnavailable;
            while (await client.StatusAsync($"{Origin}/probe") != wanted)
                if (Stopwatch.GetElapsedTime(start) > bound) throw new TimeoutException($"an endpoint change had no effect: {Origin}/probe did not answer {wanted}");
            session.Record(Figure.ChangeToEffect, Candidate.Meshd, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        await session.SayAsync("changes to their effect measured");
    }

    /// <summary>What the changes do to the load and to the backend, which share a core with the controller, shows beside it without a proxy.</summary>
    private static async Task MeasureTrafficAsync(Session session, Candidate candidate, Candidate direct, Backend backend, Func<Task> change)
    {
        await TrafficRounds.WarmUpAsync(candidate, backend, traffic, session.Plan.WarmUp);
        await Ports.WidenAsync(direct);
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            var unproxied = await FixedRate.RunAsync(direct, traffic, backend, session.Plan.FixedRate);
            var quiet = await FixedRate.RunAsync(candidate, traffic, backend, session.Plan.FixedRate);
            await using var changes = new SteadyChanges(ChangesPerSecond, change);
            var changing = await FixedRate.RunAsync(candidate, traffic, backend, session.Plan.FixedRate);
            var unproxiedChanging = await FixedRate.RunAsync(direct, traffic, backend, session.Plan.FixedRate);
            double perSecond = await changes.StopAsync();
            Record(session, (Figure.QuietP99, Figure.ChangingP99, Figure.P99Growth), quiet.P99, changing.P99);
            Record(session, (Figure.UnproxiedQuietP99, Figure.UnproxiedChangingP99, Figure.UnproxiedP99Growth), unproxied.P99, unproxiedChanging.P99);
            await session.SayAsync($"round {round} p99 {quiet.P99:0} us quiet, {changing.P99:0} us with {perSecond:0} changes/s; "
                + $"unproxied {unproxied.P99:0} us and {unproxiedChanging.P99:0} us");
            if (perSecond < 0.9 * ChangesPerSecond) session.Note($"in round {round} only {perSecond:0} changes a second were possible");
        }
    }

    private static void Record(Session session, (Figure Quiet, Figure Changing, Figure Growth) figures, double quiet, double changing)
    {
        session.Record(figures.Quiet, Candidate.Meshd, quiet);
        session.Record(figures.Changing, Candidate.Meshd, changing);
        session.Record(figures.Growth, Candidate.Meshd, changing / quiet);
    }

    private static Task ChangeAsync(NamespaceHttp api, int endpoints) =>
        api.PatchAsync(WorkloadPath($"e-{Random.Shared.Next(endpoints)}"), Merge("spec", $"{{\"weight\":{Random.Shared.Next(1, 1000)}}}"));

    private static string Merge(string field, string value) => $"{{\"{field}\":{value}}}";

    private static string WorkloadPath(string name) => $"/apis/mesh.internal/v1/namespaces/{LargeMesh.Namespace}/workloads/{name}";

    /// <summary>The node's Gateway and the two services that it uses; last in every order.</summary>
    private static string Own(Machine machine) => $$"""
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: edge, namespace: bench, annotations: { mesh.internal/node: {{machine.Name}} } }
        spec:
          gatewayClassName: meshd
          addresses: [ { type: IPAddress, value: 127.0.0.1 } ]
          listeners: [ { name: main, port: {{Port}}, protocol: HTTP } ]
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: zz-edge, namespace: bench }
        spec:
          parentRefs: [ { kind: Gateway, name: edge } ]
          rules:
            - backendRefs: [ { name: zz-traffic, port: 80 } ]
            - matches: [ { path: { value: /probe } } ]
              backendRefs: [ { name: zz-probe, port: 80 } ]
        {{Endpoint("zz-traffic", machine.Address)}}
        {{Endpoint("zz-probe", machine.Address)}}
        """;

    private static string Endpoint(string name, string address) => $$"""
        ---
        { apiVersion: v1, kind: Service, metadata: { name: {{name}}, namespace: bench }, spec: { selector: { app: {{name}} }, ports: [ { name: http, port: 80, targetPort: {{Backend.Port}}, appProtocol: http } ] } }
        ---
        { apiVersion: mesh.internal/v1, kind: Workload, metadata: { name: {{name}}, namespace: bench, labels: { app: {{name}} } }, spec: { addresses: [ {{address}} ], tunnel: None } }
        """;
}
