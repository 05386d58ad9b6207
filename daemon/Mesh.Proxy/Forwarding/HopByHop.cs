using System.Text;
using Mesh.Http;

namespace Mesh.Proxy.Forwarding;

/// <summary>Fields that concern one connection only and are not forwarded (RFC 9110 7.6.1).</summary>
internal static class HopByHop
{
    /// <summary>Removes them and what Connection lists. Returns true when the message asks for (or grants) an upgrade, whose fields are put back.</summary>
    public static bool Strip(HeaderList headers)
    {
        bool upgrade = false;
        int index = headers.IndexOf("connection"u8);
        if (index >= 0) upgrade = StripListed(headers);
        headers.Remove("keep-alive"u8);
        headers.Remove("proxy-connection"u8);
        headers.Remove("transfer-encoding"u8);
        headers.Remove("http2-settings"u8);
        if (!upgrade) headers.Remove("upgrade"u8);
        StripTe(headers);
        if (upgrade) headers.Add("connection"u8, "upgrade"u8);
        return upgrade;
    }

    private static bool StripListed(HeaderList headers)
    {
        bool upgrade = false;
        int index;
        while ((index = headers.IndexOf("connection"u8)) >= 0)
        {
            var value = headers.Value(index);
            headers.RemoveAt(index);
            foreach (var range in value.Split((byte)','))
            {
                var token = value[range].Trim(" \t"u8);
                if (token.IsEmpty || IsProtected(token)) continue;
                if (Ascii.EqualsIgnoreCase(token, "upgrade"u8)) upgrade = UpgradeField.MayPass(headers);
                else headers.Remove(token);
            }
        }
        return upgrade;
    }

    /// <summary>A client must not be able to remove what routing, framing or policy relied on by listing it.</summary>
    private static bool IsProtected(ReadOnlySpan<byte> token) =>
        Ascii.EqualsIgnoreCase(token, "close"u8) || Ascii.EqualsIgnoreCase(token, "keep-alive"u8)
        || Ascii.EqualsIgnoreCase(token, "te"u8) || Ascii.EqualsIgnoreCase(token, "content-length"u8) || Ascii.EqualsIgnoreCase(token, "host"u8)
        || Ascii.EqualsIgnoreCase(token, "authorization"u8) || Ascii.EqualsIgnoreCase(token, "cookie"u8)
        || Ascii.EqualsIgnoreCase(token, "forwarded"u8) || Ascii.EqualsIgnoreCase(token, "x-real-ip"u8)
        || (token.Length > 12 && Ascii.EqualsIgnoreCase(token[..12], "x-forwarded-"u8));

    /// <summary>Only the announcement that trailers are welcome survives, because ours are; it concerns the next connection then (RFC 9110 10.1.4).</summary>
    private static void StripTe(HeaderList headers)
    {
        if (!headers.TryGet("te"u8, out var te)) return;
        bool trailers = Ascii.EqualsIgnoreCase(te.Trim(" \t"u8), "trailers"u8);
        headers.Remove("te"u8);
        if (!trailers) return;
        headers.Add("te"u8, "trailers"u8);
        headers.Add("connection"u8, "te"u8);
    }
}
