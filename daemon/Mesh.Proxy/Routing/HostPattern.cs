using System.Text;

namespace Mesh.Proxy.Routing;

/// <summary>A host of a route: exact, *.suffix (one or more labels in its place), or any.</summary>
public sealed class HostPattern
{
    public static readonly HostPattern Any = new("");

    private readonly byte[] suffix;
    private readonly bool wildcard;

    public HostPattern(string pattern)
    {
        wildcard = pattern.StartsWith("*.", StringComparison.Ordinal);
        suffix = Encoding.ASCII.GetBytes((wildcard ? pattern[1..] : pattern).ToLowerInvariant());
    }

    /// <summary>Exact hosts first, then longer suffixes, then any.</summary>
    public int Precedence => suffix.Length == 0 ? 0 : wildcard ? suffix.Length : 1_000_000;

    public bool Matches(ReadOnlySpan<byte> host)
    {
        if (suffix.Length == 0) return true;
        if (!wildcard) return Ascii.EqualsIgnoreCase(host, suffix);
        return host.Length > suffix.Length && Ascii.EqualsIgnoreCase(host[^suffix.Length..], suffix);
    }
}
