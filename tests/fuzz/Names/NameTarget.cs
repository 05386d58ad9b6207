using System.Text;
using Mesh.Io;
using Mesh.Io.Tls;

namespace Mesh.Tests.Fuzz.Names;

/// <summary>Identities and addresses as text: what parses is printed as something that parses to the same.</summary>
internal sealed class NameTarget : IFuzzTarget
{
    public string Name => "names";

    public IEnumerable<byte[]> Seeds =>
    [
        "spiffe://cluster.local/ns/shop/sa/cart"u8.ToArray(),
        "10.0.0.1:80"u8.ToArray(),
        "[fd00::1]:65535"u8.ToArray(),
        "[::ffff:10.0.0.1]:1"u8.ToArray(),
        "fe80::1%eth0"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.Latin1.GetString(input);
        if (SpiffeId.TryParse(text, out var id)) Assert.Equal(text, id.ToString());
        if (IpPort.TryParse(text, out var address)) Assert.Equal(address, IpPort.Parse(address.ToString()));
        if (Ip.TryParse(text, out var ip)) Assert.Equal(ip, Ip.Parse(ip.ToString()));
    }
}
