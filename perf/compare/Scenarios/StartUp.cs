using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Mesh.Compare.Candidates;
using Mesh.Compare.Measuring;
using Mesh.Compare.Results;
using Mesh.Demo;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Scenarios;

/// <summary>From starting meshd's process to READY=1 of sd_notify with only a last good state, the controller away; and mesh-cni ADD.</summary>
internal sealed class StartUp : IScenario
{
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(20);

    public string Key => "k";

    public string Title => "start to ready with a last good state; mesh-cni ADD";

    public IReadOnlyList<Target> Targets => [Target.Value(Figure.StartToReady, 300), Target.Value(Figure.AddWall, 50)];

    public async Task MeasureAsync(Session session)
    {
        session.Note("the state has 100 services, one workload is enrolled, the controller is stopped; a start includes that of nsenter, taskset and prlimit, about 3 ms");
        await using var lab = await Session.CreateLabAsync();
        var controller = new MeshController(await lab.AddMachineAsync("controller"), Repository.Programs);
        await controller.StartAsync();
        var machine = await lab.AddMachineAsync("node");
        string address = Path.Combine(lab.Folder, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(address));
        var daemon = new MeshDaemon(machine, Repository.Programs) { Prefix = ["env", $"NOTIFY_SOCKET={address}", .. Cores.Candidate], MoreOptions = "workers: 1\n" };
        string file = await LargeMesh.WriteAsync(lab, 100, 100, "");
        (await controller.MeshctlAsync("apply", "-f", file)).Must();
        await daemon.JoinAsync(controller);

        await MeasureAddAsync(session, lab, machine, daemon);
        await daemon.StopAsync();
        await controller.StopAsync();
        await MeasureStartAsync(session, daemon, manager);
    }

    private static async Task MeasureAddAsync(Session session, Lab lab, Machine machine, MeshDaemon daemon)
    {
        var workload = await EnrolledNamespace.CreateAsync(lab, machine, daemon.NodeSocket, 0);
        await workload.AddAsync();
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            await workload.DeleteAsync();
            var cost = await workload.AddAsync();
            session.Record(Figure.AddWall, Candidate.Meshd, cost.Wall);
            session.Record(Figure.AddCpu, Candidate.Meshd, cost.Cpu);
            await session.SayAsync($"round {round} mesh-cni ADD {cost.Wall:0} ms, {cost.Cpu:0} ms CPU");
        }
    }

    private static async Task MeasureStartAsync(Session session, MeshDaemon daemon, Socket manager)
    {
        for (int round = 1; round <= session.Plan.Rounds; round++)
        {
            while (manager.Available > 0) await manager.ReceiveAsync(new byte[4096]);
            long start = Stopwatch.GetTimestamp();
            daemon.Launch();
            await ReadyAsync(manager, daemon);
            double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            session.Record(Figure.StartToReady, Candidate.Meshd, milliseconds);
            await session.SayAsync($"round {round} ready after {milliseconds:0} ms, {ProcessTree.CpuSeconds([daemon.Id]) * 1000:0} ms CPU");
            await daemon.StopAsync();
        }
    }

    private static async Task ReadyAsync(Socket manager, MeshDaemon daemon)
    {
        byte[] buffer = new byte[4096];
        using var deadline = new CancellationTokenSource(bound);
        try
        {
            while (!Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, deadline.Token)).Split('\n').Contains("READY=1"))
            {
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"meshd was not ready within {bound.TotalSeconds:0} s: {daemon.LogTail}");
        }
    }
}
