namespace Mesh.Cni.Workloads;

/// <summary>a=b;c=d or a:b,c:d, with the limits of Kubernetes labels. The second form is for CNI_ARGS behind the reference plugins, which refuse
/// a pair with two '='; neither ':' nor ',' can be in a label.</summary>
internal static class LabelSet
{
    private const int MaxLabels = 64;
    private const int MaxKeyLength = 317; // prefix of 253, '/', name of 63
    private const int MaxValueLength = 63;

    internal static Dictionary<string, string> Parse(string text, List<string> faults)
    {
        var labels = new Dictionary<string, string>();
        foreach (string pair in text.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] parts = pair.Split(['=', ':'], 2);
            if (parts.Length != 2 || !IsKey(parts[0]) || !IsValue(parts[1])) faults.Add($"label '{pair}' is not key=value as in Kubernetes");
            else if (!labels.TryAdd(parts[0], parts[1])) faults.Add($"label '{parts[0]}' is given twice");
        }
        if (labels.Count > MaxLabels) faults.Add($"{labels.Count} labels, at most {MaxLabels}");
        return labels;
    }

    private static bool IsKey(string key) => key.Length is > 0 and <= MaxKeyLength && key.Count('/') <= 1 && key.All(static c => IsPlain(c) || c == '/');

    private static bool IsValue(string value) => value.Length <= MaxValueLength && value.All(IsPlain);

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
