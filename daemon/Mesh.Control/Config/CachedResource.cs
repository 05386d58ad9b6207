using Google.Protobuf;

namespace Mesh.Control.Config;

/// <summary>A resource in force on this node. Immutable.</summary>
/// <param name="Name">"namespace/name".</param>
/// <param name="Version">As the controller gave it: a hash of the content.</param>
/// <param name="Bytes">The encoding of <paramref name="Message"/>, kept for the state on disk.</param>
public sealed record CachedResource(string Name, string Version, ByteString Bytes, IMessage Message);

/// <summary>A resource that is not taken, with the reason for the operator. The last good one of that name, if any, stays in force.</summary>
public sealed record Rejection(string TypeUrl, string Name, string Version, string Reason);

/// <summary>Judges one resource before it is taken.</summary>
/// <returns>Null when it can be enforced, otherwise why not.</returns>
public delegate string? ResourceCheck(string typeUrl, IMessage message);
