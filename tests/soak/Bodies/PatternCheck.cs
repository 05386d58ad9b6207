namespace Mesh.Soak.Bodies;

/// <summary>Follows one body that should be the first <paramref name="length"/> bytes of a seed's pattern.</summary>
internal sealed class PatternCheck(ulong seed, long length)
{
    private readonly byte[] expected = new byte[4096];

    /// <summary>Bytes seen.</summary>
    public long Position { get; private set; }

    /// <summary>Null while every byte was right; else the first thing that was wrong.</summary>
    public string? Problem { get; private set; }

    /// <exception cref="WrongException">A byte is wrong or too many.</exception>
    public void Must(ReadOnlySpan<byte> bytes)
    {
        Take(bytes);
        if (Problem is not null) throw new WrongException(Problem);
    }

    /// <exception cref="WrongException">The body is not complete.</exception>
    public void MustEnd()
    {
        End();
        if (Problem is not null) throw new WrongException(Problem);
    }

    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && Problem is null)
        {
            var piece = bytes[..Math.Min(bytes.Length, expected.Length)];
            if (Position + piece.Length > length)
                Problem = $"body of seed {seed:x} goes on beyond its {length} bytes: {Position + bytes.Length} and more, {Convert.ToHexStringLower(bytes[..Math.Min(16, bytes.Length)])} at {Position}";
            else Compare(piece);
            bytes = bytes[piece.Length..];
        }
    }

    public void End()
    {
        if (Problem is null && Position != length) Problem = $"body of seed {seed:x} ended after {Position} of {length} bytes";
    }

    private void Compare(ReadOnlySpan<byte> piece)
    {
        var right = expected.AsSpan(0, piece.Length);
        Pattern.Fill(seed, Position, right);
        int same = piece.CommonPrefixLength(right);
        Position += same;
        if (same == piece.Length) return;
        int shown = Math.Min(16, piece.Length - same);
        Problem = $"body of seed {seed:x}: byte {Position} of {length} is wrong: {Convert.ToHexStringLower(piece.Slice(same, shown))}, expected {Convert.ToHexStringLower(right.Slice(same, shown))}";
    }
}
