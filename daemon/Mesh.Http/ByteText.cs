using System.Text;

namespace Mesh.Http;

/// <summary>A short run of bytes with storage that is kept from message to message.</summary>
public sealed class ByteText
{
    private byte[] storage = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => storage.AsSpan(0, Length);

    public bool IsEmpty => Length == 0;

    public void Set(ReadOnlySpan<byte> value)
    {
        if (value.Length > storage.Length || (storage.Length > 4096 && value.Length < 1024)) storage = new byte[Math.Max(64, value.Length)];
        value.CopyTo(storage);
        Length = value.Length;
    }

    public void Set(string value) => Set(Encoding.Latin1.GetBytes(value));

    public void Clear() => Length = 0;

    public override string ToString() => Encoding.Latin1.GetString(Span);
}
