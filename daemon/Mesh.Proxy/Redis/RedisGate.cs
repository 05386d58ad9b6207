using Mesh.Http.Resp;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Policy;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Redis;

/// <summary>What a workload of this machine lets one client do, as the newest configuration has it. Belongs to one connection.</summary>
/// <param name="client">Who asks for which port.</param>
internal sealed class RedisGate(ProxyContext context, string workload, AccessQuestion client)
{
    private static readonly AccessDecision Unknown = new(false, "", "the policies of the workload have not arrived yet");

    private Snapshot? seen;
    private InboundPolicy? whole;
    private InboundPolicy? policy;

    /// <summary>Every command must be asked about.</summary>
    public bool IsNeeded { get; private set; } = true;

    public void Refresh()
    {
        var snapshot = context.Snapshots.Current;
        if (ReferenceEquals(seen, snapshot)) return;
        seen = snapshot;
        var current = LocalWorkloadState.ModelOf(snapshot, workload)?.Policy;
        if (current is not null && ReferenceEquals(current, whole)) return;
        (whole, policy) = (current, current?.NarrowedTo(client));
        // Conditions on HTTP requests cannot be answered here, so they count against every command.
        IsNeeded = policy is null || policy.NeedsRedis(client.Port) || policy.NeedsHttp(client.Port)
            || !policy.Decide(client with { HttpPending = true }).Allowed;
    }

    public AccessDecision Decide(RedisRequest request) => policy?.Decide(client with { Redis = request, HttpPending = false }) ?? Unknown;
}
