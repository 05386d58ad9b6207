namespace Mesh.Proxy.Dns;

/// <summary>Numbers of RFC 1035, RFC 2782, RFC 3596 and RFC 6891.</summary>
internal static class DnsWire
{
    internal const int HeaderLength = 12;
    internal const int MaxNameLength = 255;
    internal const int MaxLabelLength = 63;

    /// <summary>Longest question accepted; real ones have less than 300 bytes.</summary>
    internal const int MaxQueryLength = 4096;

    /// <summary>What every client can take (RFC 1035 section 4.2.1).</summary>
    internal const int MinUdpLength = 512;

    /// <summary>Longest answer of ours over UDP: passes every path of 1280 bytes without fragments, which get lost and can be forged.</summary>
    internal const int MaxUdpLength = 1232;

    internal const ushort TypeA = 1, TypeNs = 2, TypeCname = 5, TypeSoa = 6, TypePtr = 12, TypeAaaa = 28, TypeSrv = 33, TypeOpt = 41;
    internal const ushort TypeIxfr = 251, TypeAxfr = 252, TypeAny = 255;
    internal const ushort ClassIn = 1, ClassAny = 255;
    internal const ushort FlagResponse = 0x8000, FlagAuthoritative = 0x0400, FlagTruncated = 0x0200, FlagRecursionDesired = 0x0100, FlagRecursionAvailable = 0x0080;
    internal const ushort FlagAuthenticData = 0x0020, FlagCheckingDisabled = 0x0010;
    internal const int OpcodeShift = 11;
    internal const int OpcodeMask = 0xf;

    /// <summary>EDNS option of RFC 7871: the answer may depend on a client's network.</summary>
    internal const ushort OptionClientSubnet = 8;
}

internal enum DnsCode : ushort
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,

    /// <summary>Its upper eight bits are in the EDNS record (RFC 6891 section 6.1.3).</summary>
    BadVersion = 16,
}
