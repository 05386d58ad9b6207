using System.Globalization;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>2026-01-02T03:04:05.006Z. Records of one second share all but the milliseconds.</summary>
internal sealed class TimeText
{
    private readonly byte[] text = "0001-01-01T00:00:00.000Z"u8.ToArray();
    private long second;

    public ReadOnlySpan<byte> Format(DateTimeOffset time)
    {
        long now = time.UtcTicks / TimeSpan.TicksPerSecond;
        if (now != second)
        {
            time.UtcDateTime.TryFormat(text, out _, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
            second = now;
        }
        int milliseconds = (int)(time.UtcTicks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMillisecond);
        text[20] = (byte)('0' + milliseconds / 100);
        text[21] = (byte)('0' + milliseconds / 10 % 10);
        text[22] = (byte)('0' + milliseconds % 10);
        return text;
    }
}
