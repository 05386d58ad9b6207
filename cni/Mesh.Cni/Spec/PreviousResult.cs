using System.Net;
using System.Text.Json;
using Mesh.Netfilter;

namespace Mesh.Cni.Spec;

/// <summary>What the plugin needs of the result that came before it.</summary>
/// <param name="Addresses">Of the container's own interfaces.</param>
internal sealed record PreviousResult(IReadOnlyList<IPAddress> Addresses, IReadOnlyList<string> Nameservers, IReadOnlyList<string> SearchDomains)
{
    /// <exception cref="CniException">Code 7.</exception>
    internal static PreviousResult Read(JsonElement result)
    {
        var fields = new FieldReader(result, "prevResult.", []);
        var sandboxes = new List<string?>();
        if (fields.TryGet("interfaces", JsonValueKind.Array, out var interfaces))
        {
            foreach (var entry in interfaces.EnumerateArray())
                sandboxes.Add(entry.ValueKind == JsonValueKind.Object ? new FieldReader(entry, "prevResult.interfaces.", fields.Faults).String("sandbox") : null);
        }
        var addresses = new List<IPAddress>();
        if (fields.TryGet("ips", JsonValueKind.Array, out var ips))
        {
            foreach (var entry in ips.EnumerateArray()) ReadAddress(entry, sandboxes, addresses, fields);
        }
        var dns = fields.Object("dns") is { } found ? new FieldReader(found, "prevResult.dns.", fields.Faults) : null;
        var (nameservers, search) = (dns?.Strings("nameservers") ?? [], dns?.Strings("search") ?? []);
        if (fields.Faults.Count == 0) return new(addresses, nameservers, search);
        throw new CniException(CniErrorCode.InvalidNetworkConfig, $"invalid prevResult: {fields.Faults[0]}", string.Join("; ", fields.Faults));
    }

    private static void ReadAddress(JsonElement entry, List<string?> sandboxes, List<IPAddress> addresses, FieldReader fields)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            fields.Fault("ips", "must hold objects");
            return;
        }
        // An address on an interface outside the sandbox (a bridge) is not the workload's.
        if (entry.TryGetProperty("interface", out var index) && index.TryGetInt32(out int position)
            && position >= 0 && position < sandboxes.Count && string.IsNullOrEmpty(sandboxes[position])) return;
        string? text = new FieldReader(entry, "prevResult.ips.", fields.Faults).String("address");
        if (text is not null && AddressText.TryParse(text.Split('/')[0]) is { } address) addresses.Add(address);
        else fields.Fault("ips", $"holds {entry.GetRawText()}, whose address is not ADDRESS/PREFIX");
    }
}
