using System.Buffers.Text;

namespace Mesh.Http;

/// <summary>What a proxy has to know of gRPC over HTTP/2 (the protocol's own specification, "gRPC over HTTP2").</summary>
public static class Grpc
{
    /// <summary>Longest text of a timeout: eight digits and a unit.</summary>
    public const int MaxTimeoutText = 9;

    private const int MaxDigits = 8;
    private const long MaxValue = 99_999_999;

    /// <summary>By its content-type: application/grpc, alone or with +format or ;parameters. Not gRPC-Web, which is ordinary HTTP.</summary>
    public static bool IsGrpc(HeaderList headers)
    {
        if (!headers.TryGet("content-type"u8, out var type)) return false;
        return type.StartsWith("application/grpc"u8) && (type.Length == 16 || type[16] is (byte)'+' or (byte)';');
    }

    /// <summary>The value of grpc-timeout: at most eight digits and one of H M S m u n.</summary>
    public static bool TryParseTimeout(ReadOnlySpan<byte> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1 || text[..^1].ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
        Utf8Parser.TryParse(text[..^1], out long value, out _);
        long ticks = text[^1] switch
        {
            (byte)'H' => TimeSpan.TicksPerHour,
            (byte)'M' => TimeSpan.TicksPerMinute,
            (byte)'S' => TimeSpan.TicksPerSecond,
            (byte)'m' => TimeSpan.TicksPerMillisecond,
            (byte)'u' => TimeSpan.TicksPerMicrosecond,
            (byte)'n' => 0,
            _ => -1,
        };
        // A tick is a hundred nanoseconds; what is below one is rounded up, so that a deadline is never taken for none.
        timeout = ticks switch
        {
            < 0 => default,
            0 => TimeSpan.FromTicks((value + 99) / 100),
            _ => TimeSpan.FromTicks(value * ticks),
        };
        return ticks >= 0;
    }

    /// <summary>In the finest unit that eight digits can hold, rounded down.</summary>
    /// <param name="destination">At least <see cref="MaxTimeoutText"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteTimeout(TimeSpan timeout, Span<byte> destination)
    {
        var (value, unit) = timeout.Ticks switch
        {
            <= MaxValue * TimeSpan.TicksPerMicrosecond => (timeout.Ticks / TimeSpan.TicksPerMicrosecond, (byte)'u'),
            <= MaxValue * TimeSpan.TicksPerMillisecond => (timeout.Ticks / TimeSpan.TicksPerMillisecond, (byte)'m'),
            _ => (Math.Min(MaxValue, timeout.Ticks / TimeSpan.TicksPerSecond), (byte)'S'),
        };
        Utf8Formatter.TryFormat(value, destination, out int digits);
        destination[digits] = unit;
        return digits + 1;
    }

    /// <summary>The code of grpc-status; -1 when there is none, 2 (UNKNOWN) when it is not a number.</summary>
    public static int ReadStatus(HeaderList fields)
    {
        if (!fields.TryGet("grpc-status"u8, out var text)) return -1;
        return Utf8Parser.TryParse(text, out ushort code, out int used) && used == text.Length ? code : 2;
    }

    /// <summary>grpc-message is percent-encoded: everything but printable ASCII, and % itself.</summary>
    public static string EncodeMessage(string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        var encoded = new System.Text.StringBuilder(bytes.Length);
        foreach (byte b in bytes)
        {
            if (b is >= 0x20 and <= 0x7E and not (byte)'%') encoded.Append((char)b);
            else encoded.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return encoded.ToString();
    }
}
