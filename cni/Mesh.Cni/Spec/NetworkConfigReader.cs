using System.Text.Json;

namespace Mesh.Cni.Spec;

/// <summary>Reads a network configuration strictly: every fault is found before anything is answered, and a key that means nothing is a fault,
/// because an operator who misspells an exclusion must learn it.</summary>
internal static class NetworkConfigReader
{
    private const int MaxLengthBytes = 1 << 20;

    private static readonly string[] KnownKeys =
    [
        "cniVersion", "cniVersions", "name", "type", "disableCheck", "disableGC", "loadOnlyInlinedPlugins", "capabilities", "args", "ipMasq", "ipam", "dns",
        "runtimeConfig", "prevResult", "nodeSocket", "logLevel", "timeout", "capture",
    ];

    /// <exception cref="CniException">Code 5 if there is too much or nothing, 6 if it is not JSON.</exception>
    internal static JsonDocument ReadDocument(Stream input)
    {
        var buffer = new MemoryStream();
        try
        {
            var chunk = new byte[16 << 10];
            for (int count; (count = input.Read(chunk)) > 0 && buffer.Length <= MaxLengthBytes;) buffer.Write(chunk, 0, count);
        }
        catch (IOException error)
        {
            throw new CniException(CniErrorCode.InputOutput, $"standard input cannot be read: {error.Message}");
        }
        if (buffer.Length > MaxLengthBytes) throw new CniException(CniErrorCode.InputOutput, $"the network configuration is longer than {MaxLengthBytes} bytes");
        try
        {
            var document = JsonDocument.Parse(buffer.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        }
        catch (JsonException error)
        {
            throw new CniException(CniErrorCode.Decoding, "the network configuration on standard input is not JSON", error.Message);
        }
        throw new CniException(CniErrorCode.Decoding, "the network configuration on standard input is not a JSON object");
    }

    /// <summary>Null when absent or not a string.</summary>
    internal static string? Version(JsonElement root) =>
        root.TryGetProperty("cniVersion", out var version) && version.ValueKind == JsonValueKind.String ? version.GetString() : null;

    /// <exception cref="CniException">Code 1, 2 or 7.</exception>
    internal static NetworkConfig Read(JsonElement root)
    {
        string? version = Version(root);
        CniVersions.RequireSupported(version);
        RejectUnknown(root);
        var fields = new FieldReader(root, "", []);
        string? name = fields.String("name");
        if (string.IsNullOrEmpty(name)) fields.Fault("name", "is missing or empty");
        var defaults = new NetworkConfig { CniVersion = version!, Name = name ?? "" };
        var dns = fields.Object("dns") is { } found ? new FieldReader(found, "dns.", fields.Faults) : null;
        var config = defaults with
        {
            NodeSocket = fields.String("nodeSocket") ?? defaults.NodeSocket,
            Timeout = fields.Duration("timeout", TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(2)) ?? defaults.Timeout,
            LogLevel = ReadLogLevel(fields) ?? defaults.LogLevel,
            Capture = CaptureReader.Read(fields),
            PreviousResult = fields.Object("prevResult"),
            Arguments = fields.Object("args") is { } args ? new FieldReader(args, "args.", fields.Faults).Object("cni") : null,
            Nameservers = dns?.Strings("nameservers") ?? [],
            SearchDomains = dns?.Strings("search") ?? [],
            ValidAttachments = ReadAttachments(fields),
        };
        if (!Path.IsPathRooted(config.NodeSocket)) fields.Fault("nodeSocket", "must be an absolute path");
        if (fields.Faults.Count == 0) return config;
        throw new CniException(CniErrorCode.InvalidNetworkConfig, $"invalid network configuration: {fields.Faults[0]}", string.Join("; ", fields.Faults));
    }

    private static void RejectUnknown(JsonElement root)
    {
        var faults = new List<string>();
        Collect(root, "", key => KnownKeys.Contains(key) || key.StartsWith("cni.dev/", StringComparison.Ordinal), faults);
        if (root.TryGetProperty("capture", out var capture) && capture.ValueKind == JsonValueKind.Object)
            Collect(capture, "capture.", CaptureReader.KnownKeys.Contains, faults);
        if (faults.Count > 0)
            throw new CniException(CniErrorCode.UnsupportedField, $"unsupported field in the network configuration: {faults[0]}", string.Join("; ", faults));
    }

    private static void Collect(JsonElement element, string prefix, Func<string, bool> isKnown, List<string> faults)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!isKnown(property.Name)) faults.Add($"{prefix}{property.Name}={property.Value.GetRawText()}");
        }
    }

    private static LogLevel? ReadLogLevel(FieldReader fields)
    {
        switch (fields.String("logLevel"))
        {
            case null: return null;
            case "error": return LogLevel.Error;
            case "warn": return LogLevel.Warn;
            case "info": return LogLevel.Info;
            case "debug": return LogLevel.Debug;
            default:
                fields.Fault("logLevel", "must be error, warn, info or debug");
                return null;
        }
    }

    private static List<(string, string)>? ReadAttachments(FieldReader fields)
    {
        const string key = "cni.dev/valid-attachments";
        if (!fields.TryGet(key, JsonValueKind.Array, out var array)) return null;
        var attachments = new List<(string, string)>();
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
            {
                fields.Fault(key, "must hold objects with containerID and ifname");
                break;
            }
            var entry = new FieldReader(item, key + ".", fields.Faults);
            attachments.Add((entry.String("containerID") ?? "", entry.String("ifname") ?? ""));
        }
        return attachments;
    }
}
