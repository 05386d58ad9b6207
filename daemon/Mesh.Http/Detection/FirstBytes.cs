using System.Buffers;
using Mesh.Http.Http1;
using Mesh.Http.Http2;

namespace Mesh.Http.Detection;

/// <summary>What a client speaks, as far as its first bytes tell.</summary>
public enum DetectedProtocol
{
    /// <summary>More bytes are needed.</summary>
    Unknown,
    Http1,

    /// <summary>With prior knowledge: the whole preface has come.</summary>
    Http2,

    /// <summary>A record that begins a ClientHello.</summary>
    Tls,
    Redis,
    Other,
}

public static class FirstBytes
{
    /// <summary>The same answer wherever the bytes are split, once it is not <see cref="DetectedProtocol.Unknown"/>. Looks at 24 bytes at most.</summary>
    public static DetectedProtocol Detect(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty) return DetectedProtocol.Unknown;
        bool? tls = ClientHelloReader.IsClientHello(buffer);
        if (tls is not false) return tls is true ? DetectedProtocol.Tls : DetectedProtocol.Unknown;
        bool? preface = Preface.Match(buffer);
        if (preface is not false) return preface is true ? DetectedProtocol.Http2 : DetectedProtocol.Unknown;
        return Http1Detection.IsHttp1(buffer) switch
        {
            true => DetectedProtocol.Http1,
            false => DetectedProtocol.Other,
            null => DetectedProtocol.Unknown,
        };
    }
}
