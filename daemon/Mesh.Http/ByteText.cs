using System.Text;

namespace Mesh.Http;

/// <summary>A short run of bytes with storage that is kept from message to message.</summary>
public sealed class ByteText
{
    private const int LargestSpare = 4096, MaxSpares = 1024;

    // Of texts that were released. Per thread, so per loop.
    [ThreadStatic] private static Stack<byte[]>? spares;

    private byte[] storage = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => storage.AsSpan(0, Length);

    public bool IsEmpty => Length == 0;

    public void Set(ReadOnlySpan<byte> value)
    {
        if (storage.Length == 0 && spares is not null && spares.TryPop(out var spare)) storage = spare;
        if (value.Length > storage.Length || (storage.Length > 4096 && value.Length < 1024)) storage = new byte[Math.Max(64, value.Length)];
        value.CopyTo(storage);
        Length = value.Length;
    }

    public void Set(string value) => Set(Encoding.Latin1.GetBytes(value));

    public void Clear() => Length = 0;

    /// <summary>As <see cref="Clear"/>, and leaves the storage to whichever text of the loop is set next: who waits long should not hold any.</summary>
    public void Release()
    {
        Length = 0;
        if (storage.Length == 0) return;
        spares ??= new Stack<byte[]>();
        if (spares.Count < MaxSpares && storage.Length <= LargestSpare) spares.Push(storage);
        storage = [];
    }

    public override string ToString() => Encoding.Latin1.GetString(Span);
}
