namespace Mesh.Cni.Spec;

/// <summary>CNI_ARGS: NAME=value pairs separated by ';'. The value of MESH_LABELS has the same form (a=b;c=d), so pairs after it that
/// are no known name are labels.</summary>
internal sealed class CniArguments
{
    private const int MaxLength = 16 << 10;
    private const string LabelsName = "MESH_LABELS";
    private readonly Dictionary<string, string> values = [];

    internal static readonly CniArguments None = new();

    /// <summary>Null when absent or empty.</summary>
    internal string? this[string name] => values.TryGetValue(name, out string? value) && value.Length > 0 ? value : null;

    internal static bool TryParse(string text, out CniArguments arguments, out string fault)
    {
        (arguments, fault) = (new(), "");
        if (text.Length > MaxLength) fault = $"longer than {MaxLength} characters";
        bool inLabels = false;
        foreach (string pair in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] parts = pair.Split('=', 2);
            if (parts.Length != 2) fault = $"'{pair}' is not NAME=value";
            else if (inLabels && !IsName(parts[0])) arguments.values[LabelsName] += ";" + pair;
            else if (!arguments.values.TryAdd(parts[0], parts[1])) fault = $"{parts[0]} is given twice";
            inLabels = arguments.values.ContainsKey(LabelsName) && (inLabels || parts[0] == LabelsName);
        }
        return fault.Length == 0;
    }

    private static bool IsName(string text) =>
        text == "IgnoreUnknown" || text.StartsWith("K8S_", StringComparison.Ordinal) || text.StartsWith("MESH_", StringComparison.Ordinal);
}
