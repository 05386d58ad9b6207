namespace Mesh.Resources.Patching;

/// <summary>RFC 6901.</summary>
internal static class JsonPointer
{
    public static IReadOnlyList<string> Parse(string text)
    {
        if (text.Length == 0)
            return [];
        if (text[0] != '/')
            throw new PatchException("a path must be empty or start with '/'");

        return [.. text[1..].Split('/').Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    /// <exception cref="PatchException">Not a number from 0 to <paramref name="max"/>, or with leading zeros.</exception>
    public static int Index(string step, int max) =>
        int.TryParse(step, out var index) && index.ToString() == step && index >= 0 && index <= max
            ? index : throw new PatchException($"there is no item \"{step}\" in the list");
}
