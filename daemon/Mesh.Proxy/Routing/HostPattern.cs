using System.Text;

namespace Mesh.Proxy.Routing;

internal enum HostKind
{
    Any,
    Exact,

    /// <summary>One or more labels before the rest.</summary>
    Wildcard,
}

/// <summary>A host of a route: exact, *.suffix (one or more labels in its place), or any.</summary>
public sealed class HostPattern
{
    public static readonly HostPattern Any = new("");

    public HostPattern(string pattern)
    {
        bool wildcard = pattern.StartsWith("*.", StringComparison.Ordinal);
        Kind = wildcard ? HostKind.Wildcard : pattern.Length > 0 ? HostKind.Exact : HostKind.Any;
        Text = Encoding.ASCII.GetBytes(wildcard ? pattern[1..] : pattern);
    }

    internal HostKind Kind { get; }

    /// <summary>Of a wildcard what follows the star, beginning with a dot.</summary>
    internal byte[] Text { get; }
}
