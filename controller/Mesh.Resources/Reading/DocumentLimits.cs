namespace Mesh.Resources.Reading;

internal static class DocumentLimits
{
    /// <summary>Deepest nesting of a document; the deepest field of any kind is at 12.</summary>
    public const int MaxDepth = 64;

    /// <summary>Values in one file, aliases expanded: stops documents that grow exponentially by references to themselves.</summary>
    public const int MaxValues = 1_000_000;
}
