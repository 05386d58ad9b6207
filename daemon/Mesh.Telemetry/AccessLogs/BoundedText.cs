using System.Text;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>A copy of bytes from the wire in storage of a fixed size; what does not fit is cut.</summary>
public sealed class BoundedText(int capacity)
{
    private readonly byte[] storage = new byte[capacity];
    private int length;

    public bool IsEmpty => length == 0;

    public ReadOnlySpan<byte> Bytes => storage.AsSpan(0, length);

    public void Set(ReadOnlySpan<byte> text)
    {
        length = Math.Min(text.Length, storage.Length);
        text[..length].CopyTo(storage);
    }

    public void Clear() => length = 0;

    /// <summary>Bytes that are not UTF-8, a cut character included, become U+FFFD.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
