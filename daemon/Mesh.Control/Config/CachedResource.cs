using Google.Protobuf;
using Mesh.Protocol.Config;

namespace Mesh.Control.Config;

/// <summary>A resource in force on this node. Immutable. Kept as bytes, which are a tenth of the message's objects; whoever needs the message
/// makes it again.</summary>
/// <param name="Name">"namespace/name", as in the message.</param>
/// <param name="Version">As the controller gave it: a hash of the content.</param>
/// <param name="Bytes">A message of that type that passed its check.</param>
public sealed record CachedResource(string TypeUrl, string Name, string Version, ByteString Bytes)
{
    public IMessage Parse() => ConfigTypes.Parse(TypeUrl, Bytes);
}

/// <summary>What became of one resource.</summary>
/// <param name="Resource">As it is in force now; null: it is gone.</param>
public readonly record struct ConfigChange(string TypeUrl, string Name, CachedResource? Resource);

/// <summary>A resource that is not taken, with the reason for the operator. The last good one of that name, if any, stays in force.</summary>
public sealed record Rejection(string TypeUrl, string Name, string Version, string Reason);

/// <summary>Judges one resource before it is taken.</summary>
/// <returns>Null when it can be enforced, otherwise why not.</returns>
public delegate string? ResourceCheck(string typeUrl, string name, IMessage message);
