using System.Buffers.Binary;

namespace Mesh.Http.Http2;

/// <summary>The peer's settings as far as received; before that, the defaults of RFC 9113 6.5.2.</summary>
internal sealed class PeerSettings
{
    public const int DefaultWindow = 65_535;

    /// <summary>RFC 9113 sets no initial limit but advises against fewer than 100; we do not open more before we know.</summary>
    private const int AssumedConcurrentStreams = 100;

    public uint HeaderTableSize { get; private set; } = 4096;
    public int MaxConcurrentStreams { get; private set; } = AssumedConcurrentStreams;
    public int InitialWindow { get; private set; } = DefaultWindow;
    public int MaxFrameBytes { get; private set; } = FrameHeader.DefaultMaxFrameSize;
    public bool Received { get; private set; }

    /// <summary>A server that takes CONNECT for other protocols than TCP (RFC 8441 3).</summary>
    public bool EnableConnectProtocol { get; private set; }

    /// <param name="payload">Of a SETTINGS frame: six bytes per setting, in order.</param>
    /// <exception cref="Http2ProtocolException">A value is outside its range.</exception>
    public void Apply(ReadOnlySpan<byte> payload, bool fromServer)
    {
        // A peer that does not limit its streams leaves the setting out of its first SETTINGS.
        if (!Received) MaxConcurrentStreams = int.MaxValue;
        Received = true;
        for (; payload.Length >= 6; payload = payload[6..])
        {
            var id = (SettingId)BinaryPrimitives.ReadUInt16BigEndian(payload);
            uint value = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
            ApplyOne(id, value, fromServer);
        }
    }

    private void ApplyOne(SettingId id, uint value, bool fromServer)
    {
        switch (id)
        {
            case SettingId.HeaderTableSize:
                HeaderTableSize = value;
                break;
            case SettingId.EnablePush:
                // A server may only say 0 (6.5.2).
                if (value > (fromServer ? 0 : 1)) throw OutOfRange(ErrorCode.ProtocolError, id, value);
                break;
            case SettingId.MaxConcurrentStreams:
                MaxConcurrentStreams = (int)Math.Min(value, int.MaxValue);
                break;
            case SettingId.InitialWindowSize:
                if (value > int.MaxValue) throw OutOfRange(ErrorCode.FlowControlError, id, value);
                InitialWindow = (int)value;
                break;
            case SettingId.MaxFrameSize:
                if (value is < FrameHeader.DefaultMaxFrameSize or > 0xFF_FFFF) throw OutOfRange(ErrorCode.ProtocolError, id, value);
                MaxFrameBytes = (int)value;
                break;
            case SettingId.EnableConnectProtocol:
                // Once offered it cannot be taken back.
                if (value > 1 || value == 0 && EnableConnectProtocol) throw OutOfRange(ErrorCode.ProtocolError, id, value);
                EnableConnectProtocol = value == 1;
                break;
        }
    }

    private static Http2ProtocolException OutOfRange(ErrorCode code, SettingId id, uint value) =>
        new(code, $"setting {id} is {value}, outside its range (RFC 9113 6.5.2)");
}
