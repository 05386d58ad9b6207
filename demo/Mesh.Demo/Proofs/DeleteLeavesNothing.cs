using System.Text.RegularExpressions;
using Mesh.Kit.Machines;

namespace Mesh.Demo.Proofs;

internal sealed partial class DeleteLeavesNothing : IProof
{
    public string Claim => "DEL leaves no rule, no listener, no state";

    public async Task<string> ProveAsync(World world)
    {
        foreach (var workload in world.Enrolled)
        {
            await workload.DeleteAsync();
            await NothingInKernelAsync(workload);
        }
        await Until.TrueAsync("the enrolments on disk are gone", TimeSpan.FromSeconds(5),
            () => Enrolments(world.DaemonA) + Enrolments(world.DaemonB) == 0);
        await Until.TrueAsync("the controller's workloads are gone", TimeSpan.FromSeconds(10), async () => await WorkloadsAsync(world) == 0);
        return $"{world.Enrolled.Count()} workloads deleted: no rule in iptables, ip6tables or ip rule, no listener on 150xx, no enrolment on disk, no Workload at the controller";
    }

    private static async Task NothingInKernelAsync(LabWorkload workload)
    {
        string rules = string.Join('\n', await workload.Space.MustAsync("iptables-save"), await workload.Space.MustAsync("ip6tables-save"),
            await workload.Space.MustAsync("ip rule"), (await workload.Space.RunAsync("ip -6 rule")).Output);
        var left = rules.Split('\n').Where(line => Ours().IsMatch(line)).ToList();
        Claims.Must(left.Count == 0, $"{workload.Name.Name} still has: {string.Join("; ", left)}");
        string listeners = (await workload.Space.MustAsync("ss -Hltun")).Trim();
        Claims.Must(!Listener().IsMatch(listeners), $"{workload.Name.Name} still has listeners: {listeners}");
    }

    private static int Enrolments(MeshDaemon daemon)
    {
        string folder = Path.Combine(daemon.State, "enrolments");
        return Directory.Exists(folder) ? Directory.GetFiles(folder).Length : 0;
    }

    private static async Task<int> WorkloadsAsync(World world) =>
        (await world.Controller.GetAsync("/apis/mesh.internal/v1/namespaces/shop/workloads"))["items"]!.AsArray().Count;

    [GeneratedRegex("MESH|150(01|06|08|53)|0x539|0x111")]
    private static partial Regex Ours();

    [GeneratedRegex(@":150(01|06|08|53)\b")]
    private static partial Regex Listener();
}
