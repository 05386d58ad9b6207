using System.Globalization;
using Mesh.Demo;
using Mesh.Kit.Machines;

namespace Mesh.Soak;

/// <summary>While the load runs: a route changes every second and a workload that nobody talks to comes and goes. None of it may be noticed.</summary>
internal sealed class Changes(MeshController controller, LabWorkload bystander)
{
    private const int RoutesPerBystander = 5;

    public long Count { get; private set; }

    public async Task RunAsync(CancellationToken stopping)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await second.WaitForNextTickAsync(stopping)) await ChangeAsync();
        }
        catch (OperationCanceledException)
        {
            // The load has ended.
        }
        if (bystander.IsConnected) await bystander.DeleteAsync();
    }

    private async Task ChangeAsync()
    {
        string weight = (1 + Count % 5).ToString(CultureInfo.InvariantCulture);
        await controller.PatchAsync("/apis/gateway.networking.k8s.io/v1/namespaces/soak/httproutes/edge-web",
            $$"""{ "spec": { "rules": [ { "backendRefs": [ { "name": "server-b", "port": 80, "weight": {{weight}} } ] } ] } }""");
        if (++Count % RoutesPerBystander != 0) return;
        if (bystander.IsConnected) await bystander.DeleteAsync();
        else await bystander.AddAsync();
    }
}
