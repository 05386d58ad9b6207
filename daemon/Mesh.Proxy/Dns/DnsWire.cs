namespace Mesh.Proxy.Dns;

/// <summary>Numbers of RFC 1035, RFC 3596 and RFC 6891.</summary>
internal static class DnsWire
{
    internal const int HeaderLength = 12;
    internal const int MaxNameLength = 255;
    internal const int MaxLabelLength = 63;

    /// <summary>Longest question accepted; real ones have less than 300 bytes.</summary>
    internal const int MaxQueryLength = 4096;

    internal const ushort TypeA = 1, TypeSoa = 6, TypeAaaa = 28, TypeOpt = 41, TypeAny = 255;
    internal const ushort ClassIn = 1, ClassAny = 255;
    internal const ushort FlagResponse = 0x8000, FlagAuthoritative = 0x0400, FlagRecursionDesired = 0x0100, FlagRecursionAvailable = 0x0080;
    internal const int OpcodeShift = 11;
    internal const int OpcodeMask = 0xf;
}

internal enum DnsCode : ushort
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,
}
