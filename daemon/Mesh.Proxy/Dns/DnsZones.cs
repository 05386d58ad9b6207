namespace Mesh.Proxy.Dns;

/// <summary>Which names are the mesh's alone: those are answered here whether they exist or not, and never asked of others.</summary>
internal sealed class DnsZones(DnsOptions options)
{
    private readonly string[] zones = [.. options.MeshDomains, .. options.VirtualRanges.ReverseZones];

    /// <summary>Domains that the workload's resolver appends.</summary>
    internal IReadOnlyList<string> Searched { get; set; } = options.SearchDomains;

    /// <summary>The zone that has the name; null when it is not the mesh's.</summary>
    internal string? ZoneOf(string name)
    {
        foreach (string zone in zones)
        {
            if (DnsNames.IsWithin(name, zone)) return zone;
        }
        return null;
    }

    /// <summary>Names of which the workload's resolver may have made this one by appending one of its search domains: several where one of them lies
    /// within another.</summary>
    internal IEnumerable<string> WithoutSearchDomain(string name)
    {
        foreach (string domain in Searched)
        {
            if (domain.Length > 0 && name.Length > domain.Length + 1 && DnsNames.IsWithin(name, domain)) yield return name[..^(domain.Length + 1)];
        }
    }
}
