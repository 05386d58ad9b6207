namespace Mesh.Resources.Compile;

/// <summary>Hostnames of Gateway API: exact, or "*." and a suffix that stands for one or more labels.</summary>
internal static class Hostnames
{
    public static bool Meet(string? listener, IReadOnlyList<string> route) =>
        string.IsNullOrEmpty(listener) || route.Count == 0 || route.Any(host => Meet(listener, host));

    /// <summary>Whether there is a name that both take; none means every name.</summary>
    public static bool Overlap(IReadOnlyList<string> left, IReadOnlyList<string> right) =>
        left.Count == 0 || right.Count == 0 || left.Any(one => right.Any(other => Meet(one, other)));

    private static bool Meet(string left, string right)
    {
        if (left == right)
            return true;

        return Covers(left, right) || Covers(right, left);
    }

    private static bool Covers(string wildcard, string host) =>
        wildcard.StartsWith("*.", StringComparison.Ordinal) && host.TrimStart('*').EndsWith(wildcard[1..], StringComparison.Ordinal) && host.Length > wildcard.Length - 1;
}
