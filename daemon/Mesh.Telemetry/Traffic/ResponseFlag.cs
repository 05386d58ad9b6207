using System.Collections.Concurrent;
using System.Text;

namespace Mesh.Telemetry.Traffic;

/// <summary>Why a request or connection did not end well, in the letters that operators know from other meshes.</summary>
[Flags]
public enum ResponseFlag
{
    None = 0,

    /// <summary>No healthy upstream.</summary>
    UH = 1 << 0,

    /// <summary>Connecting to the upstream failed.</summary>
    UF = 1 << 1,

    /// <summary>Overflow: a limit of connections, requests or pending requests.</summary>
    UO = 1 << 2,

    /// <summary>The upstream did not answer in time.</summary>
    UT = 1 << 3,

    /// <summary>Retries exhausted.</summary>
    URX = 1 << 4,

    /// <summary>No route.</summary>
    NR = 1 << 5,

    /// <summary>No such service.</summary>
    NC = 1 << 6,

    /// <summary>The client went away.</summary>
    DC = 1 << 7,

    /// <summary>Rate limited.</summary>
    RL = 1 << 8,

    /// <summary>Denied by an access policy.</summary>
    UAEX = 1 << 9,

    /// <summary>Fault injected.</summary>
    FI = 1 << 10,

    /// <summary>Protocol error of the downstream.</summary>
    DPE = 1 << 11,

    /// <summary>The stream was idle too long.</summary>
    SI = 1 << 12,

    /// <summary>Deadline of the whole request passed.</summary>
    DT = 1 << 13,

    /// <summary>Load shed.</summary>
    LS = 1 << 14,

    /// <summary>mTLS failed or was missing where it is demanded.</summary>
    TLS = 1 << 15,

    /// <summary>No identity.</summary>
    ID = 1 << 16,

    /// <summary>No configuration, or none that can be enforced.</summary>
    CD = 1 << 17,

    /// <summary>The upstream broke the connection.</summary>
    UC = 1 << 18,
}

public static class ResponseFlags
{
    private static readonly ConcurrentDictionary<ResponseFlag, string> Texts = new();
    private static readonly ConcurrentDictionary<ResponseFlag, byte[]> Utf8Texts = new();

    /// <summary>"-" for none, "UF,URX" for several. Allocates once per combination.</summary>
    public static string ToText(this ResponseFlag flags) => Texts.GetOrAdd(flags, static value =>
        value == ResponseFlag.None ? "-" : value.ToString().Replace(", ", ",", StringComparison.Ordinal));

    /// <summary>The same as bytes.</summary>
    public static ReadOnlySpan<byte> ToUtf8(this ResponseFlag flags) =>
        flags == ResponseFlag.None ? "-"u8 : Utf8Texts.GetOrAdd(flags, static value => Encoding.UTF8.GetBytes(value.ToText()));
}
