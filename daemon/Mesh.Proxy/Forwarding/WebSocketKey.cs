using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Mesh.Http;
using Mesh.Proxy.Tracing;

namespace Mesh.Proxy.Forwarding;

/// <summary>WebSocket over HTTP/2 has no handshake key (RFC 8441 5); a server of HTTP/1.1 demands one (RFC 6455 4.2.1).</summary>
internal static class WebSocketKey
{
    public static void Ensure(HeaderList headers, BitSource bits)
    {
        bool missing = headers.TryGet("upgrade"u8, out var protocol) && Ascii.EqualsIgnoreCase(protocol, "websocket"u8) && !headers.Contains("sec-websocket-key"u8);
        if (!missing) return;
        Span<byte> nonce = stackalloc byte[16], text = stackalloc byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, bits.Next64());
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[8..], bits.Next64());
        Base64.EncodeToUtf8(nonce, text, out _, out _);
        headers.Add("sec-websocket-key"u8, text);
    }
}
