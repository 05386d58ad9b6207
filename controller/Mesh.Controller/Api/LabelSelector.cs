using System.Text.RegularExpressions;
using Mesh.Resources;

namespace Mesh.Controller.Api;

/// <summary>Label selectors of Kubernetes: a=b, a==b, a!=b, a, !a, a in (b,c), a notin (b,c), joined by commas.</summary>
internal static partial class LabelSelector
{
    public static IReadOnlyList<Func<Resource, bool>> Parse(string text) =>
        text.Length == 0 ? [] : [.. Parts(text).Select(part => Requirement(part.Trim()))];

    // Commas inside parentheses do not separate.
    private static IEnumerable<string> Parts(string text)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[i] != ',' || depth > 0)
                continue;

            yield return text[start..i];
            start = i + 1;
        }

        yield return text[start..];
    }

    private static Func<Resource, bool> Requirement(string part)
    {
        if (PartRegex().Match(part) is not { Success: true } match)
            throw ApiException.BadRequest($"labelSelector: \"{part}\" is none of key, !key, key=value, key!=value, key in (a,b), key notin (a,b)");

        var (key, values) = (match.Groups["key"].Value, match.Groups["values"].Value.Split(',').Select(value => value.Trim()).ToHashSet());
        var value = match.Groups["value"].Value;
        return match.Groups["op"].Value switch
        {
            "=" or "==" => resource => resource.Labels.TryGetValue(key, out var label) && label == value,
            "!=" => resource => !resource.Labels.TryGetValue(key, out var label) || label != value,
            "in" => resource => resource.Labels.TryGetValue(key, out var label) && values.Contains(label),
            "notin" => resource => !resource.Labels.TryGetValue(key, out var label) || !values.Contains(label),
            _ when match.Groups["not"].Success => resource => !resource.Labels.ContainsKey(key),
            _ => resource => resource.Labels.ContainsKey(key),
        };
    }

    [GeneratedRegex(@"^((?<not>!)\s*)?(?<key>[A-Za-z0-9][-A-Za-z0-9_./]*)(\s*(?<op>==|=|!=)\s*(?<value>[-A-Za-z0-9_.]*)|\s+(?<op>in|notin)\s*\((?<values>[-A-Za-z0-9_., ]*)\))?$")]
    private static partial Regex PartRegex();
}
