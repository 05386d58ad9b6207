using System.Security.Cryptography;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Fuzz;

/// <summary>The committed inputs of a target: every one that ever failed.</summary>
internal static class Corpus
{
    private static string Root => Path.Combine(Repository.Root, "tests", "fuzz", "Corpus");

    public static IEnumerable<string> Files(string target)
    {
        string folder = Path.Combine(Root, target);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)! : [];
    }

    public static byte[] Read(string target, string file) => File.ReadAllBytes(Path.Combine(Root, target, file));

    /// <returns>The name of the file, made of the input's hash.</returns>
    public static string Add(string target, byte[] input)
    {
        string file = Convert.ToHexStringLower(SHA256.HashData(input))[..16];
        Directory.CreateDirectory(Path.Combine(Root, target));
        File.WriteAllBytes(Path.Combine(Root, target, file), input);
        return file;
    }
}
