using System.Globalization;
using System.Net;
using System.Text.Json;
using Mesh.Netfilter;

namespace Mesh.Cni.Spec;

/// <summary>Reads typed fields of a JSON object and collects what is wrong with them, each with its path.</summary>
/// <param name="prefix">Path of the object, ending with a dot unless it is the root.</param>
internal sealed class FieldReader(JsonElement element, string prefix, List<string> faults)
{
    private const int MaxItems = 256;

    internal List<string> Faults => faults;

    internal void Fault(string key, string text) => faults.Add($"{prefix}{key} {text}");

    /// <summary>False when absent, null, or of another type; the last is a fault.</summary>
    internal bool TryGet(string key, JsonValueKind kind, out JsonElement value)
    {
        if (!element.TryGetProperty(key, out value) || value.ValueKind == JsonValueKind.Null) return false;
        if (value.ValueKind == kind) return true;
        Fault(key, $"must be {kind.ToString().ToLowerInvariant()}, not {value.GetRawText()}");
        return false;
    }

    internal JsonElement? Object(string key) => TryGet(key, JsonValueKind.Object, out var value) ? value : null;

    internal string? String(string key) => TryGet(key, JsonValueKind.String, out var value) ? value.GetString() : null;

    internal bool? Boolean(string key)
    {
        if (!element.TryGetProperty(key, out var value)) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Fault(key, $"must be true or false, not {value.GetRawText()}");
        return null;
    }

    internal List<string> Strings(string key) =>
        Items(key, static item => item.ValueKind == JsonValueKind.String ? item.GetString() : null, "a string");

    internal List<int> Ports(string key) =>
        Items(key, static item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int port) ? port : (int?)null, "a port number")
            .ConvertAll(static port => port!.Value);

    internal List<IPNetwork> Networks(string key) =>
        Items(key, static item => item.ValueKind == JsonValueKind.String && CaptureOptions.TryParseNetwork(item.GetString(), out var network) ? network : (IPNetwork?)null,
            "an address block such as 10.0.0.0/8 without host bits").ConvertAll(static network => network!.Value);

    /// <summary>Gateway API durations of one unit: 250ms, 5s, 1m.</summary>
    internal TimeSpan? Duration(string key, TimeSpan least, TimeSpan most)
    {
        if (String(key) is not { } text) return null;
        if (TryParseDuration(text, out var value) && value >= least && value <= most) return value;
        Fault(key, $"must be a duration such as 500ms or 5s between {least.TotalMilliseconds:0}ms and {most.TotalSeconds:0}s, not '{text}'");
        return null;
    }

    internal static bool TryParseDuration(string text, out TimeSpan value)
    {
        value = default;
        string digits = text.TrimEnd('s', 'm', 'h');
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number)) return false;
        double? unitMilliseconds = text[digits.Length..] switch { "ms" => 1, "s" => 1_000, "m" => 60_000, "h" => 3_600_000, _ => null };
        if (unitMilliseconds is not { } unit) return false;
        value = TimeSpan.FromMilliseconds(number * unit);
        return true;
    }

    private List<T> Items<T>(string key, Func<JsonElement, T?> read, string what)
    {
        var items = new List<T>();
        if (!TryGet(key, JsonValueKind.Array, out var array)) return items;
        if (array.GetArrayLength() > MaxItems) Fault(key, $"has more than {MaxItems} entries");
        else
        {
            foreach (var item in array.EnumerateArray())
            {
                if (read(item) is { } value) items.Add(value);
                else Fault(key, $"holds {item.GetRawText()}, which is not {what}");
            }
        }
        return items;
    }
}
