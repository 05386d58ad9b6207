using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Mesh.Resources.Compile;

/// <summary>
/// Virtual addresses of Services. An address that a Service has in its status or spec stays; a new one is drawn from the hash of the name and
/// moves to the next free place when taken. So addresses survive restarts, and without any record they still rarely change.
/// </summary>
internal sealed class VirtualAddresses
{
    private const int places = 65536; // /16
    private readonly CompileOptions options;
    private readonly HashSet<ushort> taken = [0, places - 1]; // network and broadcast address of the range confuse tools
    private readonly Dictionary<ResourceKey, IReadOnlyList<IPAddress>> assigned = [];

    public VirtualAddresses(IEnumerable<Resource> services, CompileOptions options)
    {
        this.options = options;
        List<Resource> open = [];
        foreach (var service in services)
        {
            if (Recorded(service) is { } recorded && taken.Add(recorded))
                assigned[service.Key] = Twins(recorded);
            else
                open.Add(service);
        }

        foreach (var service in open.Where(_ => taken.Count < places))
            assigned[service.Key] = Twins(Draw(service.Key.Path));
    }

    /// <summary>IPv4 and IPv6 twin; none when the range is full.</summary>
    public IReadOnlyList<IPAddress> Of(Resource service) => assigned.GetValueOrDefault(service.Key, []);

    private ushort? Recorded(Resource service)
    {
        foreach (var text in service.Status?["virtualAddresses"] as JsonArray ?? [])
        {
            if (IPAddress.TryParse(text?.ToString(), out var address) && address.GetAddressBytes() is [var a, var b, var high, var low]
                && a == options.VirtualPrefixV4[0] && b == options.VirtualPrefixV4[1])
                return (ushort)((high << 8) | low);
        }

        return null;
    }

    private ushort Draw(string path)
    {
        var place = BinaryPrimitives.ReadUInt16BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(path)));
        while (!taken.Add(place))
            place++;

        return place;
    }

    private IReadOnlyList<IPAddress> Twins(ushort place)
    {
        byte[] v4 = [.. options.VirtualPrefixV4, (byte)(place >> 8), (byte)place];
        var v6 = new byte[16];
        options.VirtualPrefixV6.CopyTo(v6, 0);
        BinaryPrimitives.WriteUInt16BigEndian(v6.AsSpan(14), place);
        return [new IPAddress(v4), new IPAddress(v6)];
    }
}
