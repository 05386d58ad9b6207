namespace Mesh.Http.Http2;

/// <summary>A request for another protocol (WebSocket) as HTTP/2 says it, CONNECT with :protocol, and as HTTP/1.1 does, GET with Upgrade (RFC 8441).</summary>
internal static class ExtendedConnect
{
    /// <summary>Headers already hold the upgrade field. CONNECT has no content (RFC 9110 9.3.6), and nothing to say of its length.</summary>
    public static void ToUpgrade(RequestHead head)
    {
        head.Method.Set("GET"u8);
        head.Headers.Remove("content-length"u8);
        head.Headers.Add("connection"u8, "upgrade"u8);
    }

    /// <summary>Whether HTTP/2 can say it: CONNECT keeps neither another method nor a body, and such a request does without its Upgrade (RFC 9110 7.8).</summary>
    public static bool IsUpgrade(RequestHead head, BodyFraming framing) => !framing.HasBody && head.IsMethod("GET"u8) && UpgradeField.IsAsked(head.Headers);

    /// <summary>What the handshake of HTTP/1.1 may have and extended CONNECT does without (RFC 8441 5).</summary>
    public static bool IsOfUpgrade(HeaderList headers, int index) =>
        headers.NameEquals(index, "sec-websocket-key"u8) || headers.NameEquals(index, "sec-websocket-accept"u8) || headers.NameEquals(index, "content-length"u8);

    /// <summary>The peer's 2xx as the answer that a client of HTTP/1.1 waits for.</summary>
    /// <param name="acceptKey">Empty where the client gave no key.</param>
    public static void ToSwitch(ResponseHead head, ReadOnlySpan<byte> protocol, ReadOnlySpan<byte> acceptKey)
    {
        head.Status = 101;
        head.Headers.Add("connection"u8, "upgrade"u8);
        head.Headers.Add("upgrade"u8, protocol);
        if (!acceptKey.IsEmpty) head.Headers.Set("sec-websocket-accept"u8, acceptKey);
    }
}
