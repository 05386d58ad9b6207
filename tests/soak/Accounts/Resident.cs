namespace Mesh.Soak.Accounts;

/// <summary>A daemon's memory over the run.</summary>
internal sealed class Resident(string node)
{
    /// <summary>Compiled code, pools and the heap's own generations still settle after the first third; what leaks grows without end.</summary>
    private const double Growth = 1.15;

    private readonly List<Usage> usages = [];

    public string Last => $"{node} {usages[^1].ResidentKiB / 1024} MiB, {usages[^1].Descriptors} descriptors, {usages[^1].Metrics.Sum("mesh_connections_active", "reporter=\"source\"")} connections";

    public void Add(Usage usage) => usages.Add(usage);

    public IEnumerable<string> Problems()
    {
        if (usages.Count < 6) yield break;
        int third = usages.Count / 3;
        long settled = usages.Skip(third).Take(third).Max(usage => usage.ResidentKiB), end = usages.TakeLast(third).Max(usage => usage.ResidentKiB);
        if (end > settled * Growth) yield return $"{node}: memory grew: at most {settled} KiB in the second third of the run, {end} KiB in the last";
    }
}
