using Mesh.Io.Tls;

namespace Mesh.Controller.Identity;

/// <summary>The URIs of the mesh that are not workload identities, and the names they are made of.</summary>
internal static class MeshUri
{
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-.";

    public static string Controller(string trustDomain) => $"spiffe://{trustDomain}/controller";

    public static string Node(string trustDomain, string node) => $"spiffe://{trustDomain}/node/{node}";

    /// <summary>The node's name, or null when the URI is not a node identity of that trust domain.</summary>
    public static string? NodeName(string trustDomain, string? uri)
    {
        string prefix = Node(trustDomain, "");
        if (uri is null || !uri.StartsWith(prefix, StringComparison.Ordinal)) return null;
        string name = uri[prefix.Length..];
        return IsDnsName(name) ? name : null;
    }

    /// <summary>Lower-case DNS subdomain (RFC 1123), which is what Kubernetes accepts as the name of a Node.</summary>
    public static bool IsDnsName(string name)
    {
        if (name.Length is 0 or > 253 || name.AsSpan().ContainsAnyExcept(NameCharacters)) return false;
        return name.Split('.').All(static label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-');
    }

    /// <summary>True for identities whose parts a certificate may carry: those that parse back to themselves.</summary>
    public static bool IsIssuable(SpiffeId identity) => SpiffeId.TryParse(identity.ToString(), out var parsed) && parsed == identity;
}
