namespace Mesh.Http.Detection;

/// <summary>What a ClientHello shows in clear.</summary>
/// <param name="ServerName">Lower case ASCII; empty when the client names none. With encrypted client hello it is the public name of
/// whoever can decrypt the real one.</param>
public sealed record ClientHello(ReadOnlyMemory<byte> ServerName, bool IsEncrypted);

/// <summary>How far a ClientHello has been read.</summary>
public enum ClientHelloState
{
    NeedsMore,
    Read,

    /// <summary>It breaks RFC 8446 or RFC 6066, or a limit.</summary>
    Malformed,
}
