using System.Text;

namespace Mesh.Proxy.Policy;

public enum TextMatchKind
{
    Exact,
    Prefix,
    Suffix,
    Present,
}

/// <summary>One alternative of a policy field. Both forms are kept so that neither bytes nor strings are converted per request.</summary>
public sealed class TextMatch(TextMatchKind kind, string value)
{
    private readonly byte[] bytes = Encoding.UTF8.GetBytes(value);

    public bool Holds(ReadOnlySpan<char> text) => kind switch
    {
        TextMatchKind.Exact => text.SequenceEqual(value),
        TextMatchKind.Prefix => text.StartsWith(value, StringComparison.Ordinal),
        TextMatchKind.Suffix => text.EndsWith(value, StringComparison.Ordinal),
        _ => !text.IsEmpty,
    };

    public bool Holds(ReadOnlySpan<byte> text) => kind switch
    {
        TextMatchKind.Exact => text.SequenceEqual(bytes),
        TextMatchKind.Prefix => text.StartsWith(bytes),
        TextMatchKind.Suffix => text.EndsWith(bytes),
        _ => !text.IsEmpty,
    };

    public bool HoldsIgnoringCase(ReadOnlySpan<byte> text) => kind switch
    {
        TextMatchKind.Exact => Ascii.EqualsIgnoreCase(text, bytes),
        TextMatchKind.Prefix => text.Length >= bytes.Length && Ascii.EqualsIgnoreCase(text[..bytes.Length], bytes),
        TextMatchKind.Suffix => text.Length >= bytes.Length && Ascii.EqualsIgnoreCase(text[^bytes.Length..], bytes),
        _ => !text.IsEmpty,
    };
}
