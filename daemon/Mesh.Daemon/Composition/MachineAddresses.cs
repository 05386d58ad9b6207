using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mesh.Io;

namespace Mesh.Daemon.Composition;

/// <summary>By which addresses this machine is known to others.</summary>
internal static class MachineAddresses
{
    /// <summary>The address that packets to the host leave from first, then the other addresses of interfaces that are up, without loopback
    /// and link-local ones.</summary>
    public static IReadOnlyList<Ip> Towards(string host)
    {
        var addresses = new List<Ip>();
        if (SourceTowards(host) is { } source) addresses.Add(source);
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.OperationalStatus != OperationalStatus.Up || network.NetworkInterfaceType == NetworkInterfaceType.Loopback) continue;
            foreach (var unicast in network.GetIPProperties().UnicastAddresses)
            {
                if (unicast.Address.IsIPv6LinkLocal || addresses.Contains(Ip.From(Plain(unicast.Address)))) continue;
                addresses.Add(Ip.From(Plain(unicast.Address)));
            }
        }
        return addresses;
    }

    /// <summary>Connecting a datagram socket sends nothing; it only asks the kernel for the route.</summary>
    private static Ip? SourceTowards(string host)
    {
        if (!IPAddress.TryParse(host, out var address)) return null;
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(address, 9);
            return socket.LocalEndPoint is IPEndPoint { Address: var local } && !IPAddress.IsLoopback(local) ? Ip.From(Plain(local)) : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static IPAddress Plain(IPAddress address) => new(address.GetAddressBytes());
}
