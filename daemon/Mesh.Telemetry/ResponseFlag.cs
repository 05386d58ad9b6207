namespace Mesh.Telemetry;

/// <summary>Why a request or connection ended as it did, in the field's familiar abbreviations.</summary>
public enum ResponseFlag
{
    /// <summary>Nothing went wrong on our account.</summary>
    None,

    /// <summary>No healthy upstream.</summary>
    UH,

    /// <summary>Connecting to the upstream failed.</summary>
    UF,

    /// <summary>A limit overflowed.</summary>
    UO,

    /// <summary>The upstream took too long.</summary>
    UT,

    /// <summary>The upstream broke the connection.</summary>
    UC,

    /// <summary>Retries are exhausted.</summary>
    URX,

    /// <summary>No route.</summary>
    NR,

    /// <summary>No such service.</summary>
    NC,

    /// <summary>The client went away.</summary>
    DC,

    /// <summary>Rate limited.</summary>
    RL,

    /// <summary>Denied by policy.</summary>
    UAEX,

    /// <summary>A fault was injected.</summary>
    FI,

    /// <summary>The protocol was violated.</summary>
    DPE,

    /// <summary>A stream was idle too long.</summary>
    SI,

    /// <summary>The deadline passed.</summary>
    DT,

    /// <summary>Load was shed.</summary>
    LS,

    /// <summary>Mutual TLS failed or is missing.</summary>
    TLS,

    /// <summary>There is no certificate for the identity.</summary>
    ID,

    /// <summary>The configuration cannot be carried out.</summary>
    CD,
}
