namespace Mesh.Controller.Identity;

/// <summary>What the authority issues and where it keeps its root.</summary>
internal sealed record AuthorityConfig
{
    /// <summary>DNS name in lower case, at most 253 characters.</summary>
    public required string TrustDomain { get; init; }

    /// <summary>The controller's data directory. The root made at first start is in its folder "authority": key 0600.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>PEM: the signing certificate first, then its issuers up to the root. Null: the authority makes its own root.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM: the signing certificate's private key, PKCS#8 or SEC1. Given if and only if <see cref="CertificateFile"/> is.</summary>
    public string? KeyFile { get; init; }

    public CertificateLifetimes Lifetimes { get; init; } = new();
}

/// <summary>How long certificates live. Shorter limits what a stolen key is worth; longer lets nodes live longer without a controller.</summary>
internal sealed record CertificateLifetimes
{
    /// <summary>A day, as SPIRE and Istio choose.</summary>
    public TimeSpan Workload { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A week: how long a machine may be off and come back without a new join token.</summary>
    public TimeSpan Node { get; init; } = TimeSpan.FromDays(7);

    /// <summary>A day: the controller renews its own at half of it.</summary>
    public TimeSpan Server { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan Root { get; init; } = TimeSpan.FromDays(3650);

    /// <summary>Certificates begin this much in the past, so that a machine whose clock is late accepts them.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(2);
}
