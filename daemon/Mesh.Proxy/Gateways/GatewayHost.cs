using Mesh.Io;
using Mesh.Proxy.Configuration;

namespace Mesh.Proxy.Gateways;

/// <summary>Keeps the explicit ports of the snapshot's gateways open, each once, however many listeners share it: what a connection or request asks for
/// tells them apart. A change opens and closes only the ports that were added and removed; connections follow the routes of their port.</summary>
public sealed class GatewayHost(ProxyContext context, Action<string> problem) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<PortKey, Listener> open = [];
    private HashSet<string> conflicts = [];

    private readonly record struct PortKey(string Gateway, IpPort Address)
    {
        public override string ToString() => $"gateway {Gateway} port {Address.Port}";
    }

    /// <summary>Any thread. A port that cannot be opened is reported and tried again with the next change; the others are served.</summary>
    public void Apply(Snapshot snapshot)
    {
        lock (gate)
        {
            var wanted = Wanted(snapshot);
            foreach (var (key, listener) in open.Where(pair => !wanted.Contains(pair.Key)).ToList())
            {
                listener.Dispose();
                open.Remove(key);
            }
            foreach (var key in wanted)
            {
                if (!open.ContainsKey(key)) Open(key);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var listener in open.Values) listener.Dispose();
            open.Clear();
        }
    }

    /// <summary>The kernel would share connections out between two gateways at one address and port; so the first by name has it.</summary>
    private HashSet<PortKey> Wanted(Snapshot snapshot)
    {
        var wanted = new HashSet<PortKey>();
        var owners = new Dictionary<IpPort, string>();
        var found = new HashSet<string>();
        foreach (var gateway in snapshot.Gateways)
        {
            IReadOnlyList<Ip> addresses = gateway.Addresses.Count > 0 ? gateway.Addresses : [Ip.AnyV6];
            foreach (var listener in gateway.Listeners)
            {
                foreach (var address in addresses.Select(address => new IpPort(address, (ushort)listener.Port)))
                {
                    if (address.Port == 0 || owners.TryAdd(address, gateway.Key) || owners[address] == gateway.Key) wanted.Add(new PortKey(gateway.Key, address));
                    else found.Add($"gateway {gateway.Key} listener {listener.Name}: {address} is the port of gateway {owners[address]}; give one of them another port or address");
                }
            }
        }
        foreach (string conflict in found.Except(conflicts)) problem(conflict);
        conflicts = found;
        return wanted;
    }

    private void Open(PortKey key)
    {
        try
        {
            var port = new GatewayPort(context, key.Gateway, key.Address);
            open[key] = context.HostSockets.Listen(key.Address, context.Loops, ListenOptions.Default, port.Accept);
        }
        catch (IOException error)
        {
            problem($"{key}: {error.Message}");
        }
    }
}
