using System.Text;

namespace Mesh.Http;

/// <summary>What a client may switch its connection to (RFC 9110 7.8). Not to HTTP or TLS: behind such a switch come requests that nobody here reads, past every route
/// and policy ("h2c smuggling"). HTTP/2 gave up being switched to (RFC 9113 3.1), and ignoring an Upgrade is always right.</summary>
public static class UpgradeField
{
    /// <summary>Whether there is one and all that it lists may be switched to.</summary>
    public static bool MayPass(HeaderList headers)
    {
        int index = headers.IndexOf("upgrade"u8);
        for (int i = index; i >= 0; i = headers.IndexOf("upgrade"u8, i + 1))
        {
            var value = headers.Value(i);
            foreach (var range in value.Split((byte)','))
            {
                if (IsRefused(value[range].Trim(" \t"u8))) return false;
            }
        }
        return index >= 0;
    }

    /// <summary>Whether a request whose fields for one connection only were removed asks for a switch.</summary>
    public static bool IsAsked(HeaderList headers) => headers.Contains("upgrade"u8) && headers.Contains("connection"u8);

    /// <summary>Whether the client's field lists it.</summary>
    public static bool Lists(HeaderList headers, ReadOnlySpan<byte> protocol)
    {
        for (int i = headers.IndexOf("upgrade"u8); i >= 0; i = headers.IndexOf("upgrade"u8, i + 1))
        {
            var value = headers.Value(i);
            foreach (var range in value.Split((byte)','))
            {
                if (Ascii.EqualsIgnoreCase(value[range].Trim(" \t"u8), protocol)) return true;
            }
        }
        return false;
    }

    /// <summary>The one that is preferred: HTTP/2 asks for no more (RFC 8441 4).</summary>
    public static ReadOnlySpan<byte> First(HeaderList headers)
    {
        headers.TryGet("upgrade"u8, out var value);
        int end = value.IndexOf((byte)',');
        return (end < 0 ? value : value[..end]).Trim(" \t"u8);
    }

    private static bool IsRefused(ReadOnlySpan<byte> protocol)
    {
        int version = protocol.IndexOf((byte)'/');
        var name = version < 0 ? protocol : protocol[..version];
        return Ascii.EqualsIgnoreCase(name, "h2c"u8) || Ascii.EqualsIgnoreCase(name, "h2"u8) || Ascii.EqualsIgnoreCase(name, "http"u8) || Ascii.EqualsIgnoreCase(name, "tls"u8);
    }
}
