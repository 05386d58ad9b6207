using System.Text;

namespace Mesh.Io.Tls;

/// <summary>Protocol names as the extension carries them: one length byte, then that many bytes, repeated (RFC 7301 3.1).</summary>
internal static class AlpnList
{
    private const int MaxNameBytes = 255;

    /// <exception cref="ArgumentException">A name is empty or longer than 255 bytes.</exception>
    internal static byte[] Encode(IReadOnlyList<string> protocols)
    {
        var wire = new List<byte>();
        foreach (string protocol in protocols)
        {
            byte[] name = Encoding.ASCII.GetBytes(protocol);
            if (name.Length is 0 or > MaxNameBytes) throw new ArgumentException($"'{protocol}' is no ALPN protocol name: 1 to 255 bytes are allowed");
            wire.Add((byte)name.Length);
            wire.AddRange(name);
        }
        return [.. wire];
    }

    /// <summary>Where in <paramref name="offered"/> the name of the first acceptable protocol starts; -1 if none is offered or the list is malformed.</summary>
    internal static int Select(ReadOnlySpan<byte> acceptable, ReadOnlySpan<byte> offered, out byte length)
    {
        for (int a = 0; a < acceptable.Length; a += acceptable[a] + 1)
        {
            var wanted = acceptable.Slice(a + 1, acceptable[a]);
            for (int o = 0; o < offered.Length && o + 1 + offered[o] <= offered.Length; o += offered[o] + 1)
            {
                if (!offered.Slice(o + 1, offered[o]).SequenceEqual(wanted)) continue;
                length = offered[o];
                return o + 1;
            }
        }
        length = 0;
        return -1;
    }
}
