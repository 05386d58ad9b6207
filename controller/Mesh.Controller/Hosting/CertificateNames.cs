using System.Net;
using System.Net.NetworkInformation;
using Mesh.Controller.Config;

namespace Mesh.Controller.Hosting;

/// <summary>Under which names and addresses the controller may be called: the machine's, those it listens on, and the configured ones.</summary>
internal static class CertificateNames
{
    public static (IReadOnlyCollection<string> DnsNames, IReadOnlyCollection<IPAddress> Addresses) Of(ControllerConfig config)
    {
        HashSet<string> names = ["localhost", "mesh-controller"];
        HashSet<IPAddress> addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback];
        if (Resources.Schema.TextFormats.IsSubdomain(Environment.MachineName.ToLowerInvariant()))
            names.Add(Environment.MachineName.ToLowerInvariant());

        foreach (var nic in NetworkInterface.GetAllNetworkInterfaces())
        {
            foreach (var address in nic.GetIPProperties().UnicastAddresses.Where(address => !address.Address.IsIPv6LinkLocal))
                addresses.Add(address.Address);
        }

        foreach (var listen in new[] { config.Listen.Address, config.Nodes.Address }.Where(address => !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)))
            addresses.Add(listen);

        foreach (var given in config.Advertise)
        {
            if (IPAddress.TryParse(given, out var address))
                addresses.Add(address);
            else
                names.Add(given);
        }

        return (names, addresses);
    }
}
