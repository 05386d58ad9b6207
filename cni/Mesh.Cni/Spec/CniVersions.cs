namespace Mesh.Cni.Spec;

internal static class CniVersions
{
    internal const string Latest = "1.1.0";

    internal static readonly string[] Supported = ["0.4.0", "1.0.0", Latest];

    /// <summary>Whose results have the shape of 0.4.0.</summary>
    private static readonly string[] ConvertibleResults = ["0.3.0", "0.3.1", .. Supported];

    internal static bool HasAddressVersions(string version) => version.StartsWith("0.", StringComparison.Ordinal);

    internal static bool CanConvertResult(string version) => ConvertibleResults.Contains(version);

    /// <summary>GC and STATUS came with 1.1.0.</summary>
    internal static void RequireLatest(string verb, string version)
    {
        if (version != Latest)
            throw new CniException(CniErrorCode.IncompatibleVersion, $"{verb} needs cniVersion {Latest}, the configuration says {version}");
    }

    /// <exception cref="CniException">Code 1.</exception>
    internal static void RequireSupported(string? version)
    {
        if (version is null)
            throw new CniException(CniErrorCode.IncompatibleVersion, "the network configuration has no cniVersion", $"supported: {string.Join(", ", Supported)}");
        if (!Supported.Contains(version))
            throw new CniException(CniErrorCode.IncompatibleVersion, $"cniVersion '{version}' is not supported", $"supported: {string.Join(", ", Supported)}");
    }
}
