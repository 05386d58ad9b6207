using Mesh.Protocol.Config;

namespace Mesh.Control.Translation;

/// <summary>Workloads that a change may concern, by what targets can name. Collected first, looked at once.</summary>
internal sealed class WorkloadScope
{
    public bool Everything { get; set; }
    public HashSet<string> Namespaces { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Services { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Uids { get; } = new(StringComparer.Ordinal);

    public void Add(Target target, string policyNamespace)
    {
        if (target.Service.Length > 0) Services.Add(target.Service);
        else if (target.Gateway.Length > 0) return;
        else if (target.Mesh) Everything = true;
        else if (target.Workload.Length > 0) Uids.Add(target.Workload);
        else Namespaces.Add(policyNamespace);
    }
}
