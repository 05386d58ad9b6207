using System.Text.RegularExpressions;

namespace Mesh.Resources.Kinds;

/// <summary>Regular expressions that run in time linear in their input: no backreferences, no lookaround.</summary>
internal static class RegularExpressions
{
    public static string? Problem(string? pattern)
    {
        if (pattern is null)
            return null;

        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return null;
        }
        catch (Exception invalid) when (invalid is ArgumentException or NotSupportedException)
        {
            return $"is not a regular expression that can be matched in linear time: {invalid.Message}";
        }
    }
}
