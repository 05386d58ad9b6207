using Mesh.Io;

namespace Mesh.Control.Identity;

/// <summary>Who this machine is and how it proves that before it has a certificate.</summary>
public sealed record NodeIdentityConfig
{
    /// <summary>The Node's name: a DNS name in lower case.</summary>
    public required string Node { get; init; }

    public required IReadOnlyList<Ip> Addresses { get; init; }

    /// <summary>Of meshd.</summary>
    public required string Version { get; init; }

    /// <summary>DER: who may have signed the controller's certificate, for joining. Afterwards the roots that the controller names count.</summary>
    public required IReadOnlyList<byte[]> JoinRoots { get; init; }

    /// <summary>Reads the join token when one is needed; null: there is none. It may be replaced while meshd runs.</summary>
    public required Func<string?> ReadJoinToken { get; init; }
}
