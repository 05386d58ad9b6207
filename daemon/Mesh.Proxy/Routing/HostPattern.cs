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

    /// <summary>The larger, the more specific; -1 when the name does not match.</summary>
    internal int Specificity(ReadOnlySpan<byte> name) => Kind switch
    {
        HostKind.Any => 0,
        HostKind.Exact => Ascii.EqualsIgnoreCase(name, Text) ? int.MaxValue : -1,
        _ => name.Length > Text.Length && Ascii.EqualsIgnoreCase(name[^Text.Length..], Text) ? Text.Length : -1,
    };

    /// <summary>The names that both patterns take, as a pattern: the narrower of the two.</summary>
    /// <returns>Null: they have none in common.</returns>
    public static string? Intersect(string one, string other)
    {
        if (one.Length == 0 || one == other) return other;
        if (other.Length == 0 || Covers(other, one)) return one;
        return Covers(one, other) ? other : null;
    }

    /// <summary>*.b.c takes a.b.c and *.a.b.c, and not b.c.</summary>
    private static bool Covers(string wide, string narrow) =>
        wide.StartsWith("*.", StringComparison.Ordinal) && narrow.EndsWith(wide[1..], StringComparison.Ordinal) && narrow.Length > wide.Length - 1;

    internal HostKind Kind { get; }

    /// <summary>Of a wildcard what follows the star, beginning with a dot.</summary>
    internal byte[] Text { get; }
}
