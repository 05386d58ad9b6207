using System.Security.Cryptography;
using Google.Protobuf;

namespace Mesh.Resources.Compile;

/// <summary>One resource of the wire, serialized once for every node that subscribes to it.</summary>
/// <param name="Name">"namespace/name", as the nodes subscribe to it.</param>
/// <param name="Version">Hash of <paramref name="Bytes"/>: equal versions mean equal content, across restarts too.</param>
/// <param name="Bytes">Deterministic encoding of <paramref name="Message"/>: the compiler inserts map entries in order of their keys.</param>
/// <param name="Message">A message of config.proto; never changed after compilation.</param>
public sealed record CompiledResource(string Name, string Version, ByteString Bytes, IMessage Message)
{
    /// <summary>64 bits of SHA-256: two versions of one resource never meet by accident, and it stays readable in logs.</summary>
    private const int versionBytes = 8;

    public static CompiledResource Of(string name, IMessage message)
    {
        var bytes = message.ToByteString();
        return new CompiledResource(name, Convert.ToHexStringLower(SHA256.HashData(bytes.Span).AsSpan(0, versionBytes)), bytes, message);
    }
}
