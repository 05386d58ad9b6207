using Mesh.Http.Detection;

namespace Mesh.Proxy.Outbound;

/// <summary>What is known about the bytes of an opaque connection.</summary>
/// <param name="Protocol">As in the label request_protocol.</param>
/// <param name="ServerName">What the client's ClientHello asks for in clear; empty: nothing, or it was not seen.</param>
internal readonly record struct OpaqueTraffic(string Protocol, ReadOnlyMemory<byte> ServerName)
{
    /// <summary>False where encrypted client hello hides what is really asked for.</summary>
    private bool IsNameReal { get; init; } = true;

    public static readonly OpaqueTraffic Tcp = new("tcp", default);

    /// <summary>What conditions on hosts are held against.</summary>
    public ReadOnlyMemory<byte> NameForPolicy => IsNameReal ? ServerName : default;

    public static OpaqueTraffic Of(Opening opening) => opening.Protocol != DetectedProtocol.Tls ? Tcp
        : new("tls", opening.Hello?.ServerName ?? default) { IsNameReal = opening.Hello is not { IsEncrypted: true } };
}
