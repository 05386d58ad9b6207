using System.Text;
using System.Text.RegularExpressions;

namespace Mesh.Proxy.Routing;

internal static class RegexMatch
{
    /// <summary>Longer values are rare enough for a string.</summary>
    private const int MaxOnStack = 512;

    /// <summary>Bytes are matched as the characters of Latin-1, so that no value is beyond a pattern.</summary>
    public static bool Holds(Regex regex, ReadOnlySpan<byte> value)
    {
        if (value.Length > MaxOnStack) return regex.IsMatch(Encoding.Latin1.GetString(value));
        Span<char> characters = stackalloc char[MaxOnStack];
        int length = Encoding.Latin1.GetChars(value, characters);
        return regex.IsMatch(characters[..length]);
    }
}
