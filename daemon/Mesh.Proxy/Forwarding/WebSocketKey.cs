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

    /// <summary>A client of HTTP/2 cannot see that the key was read by somebody who knows WebSocket; who made the key must (RFC 6455 4.1).</summary>
    /// <exception cref="HttpMessageException">502: the upstream did not prove it.</exception>
    public static void DemandProof(HeaderList request, HeaderList response)
    {
        request.TryGet("sec-websocket-key"u8, out var key);
        bool proven = response.TryGet("sec-websocket-accept"u8, out var accept) && accept.SequenceEqual(WebSocketFrames.AcceptKey(key));
        if (!proven) throw new HttpMessageException(502, "the upstream switched to WebSocket without the Sec-WebSocket-Accept that belongs to the key (RFC 6455 4.1)");
    }
}
