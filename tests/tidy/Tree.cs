using System.Diagnostics;

namespace Mesh.Tests.Tidy;

/// <summary>The tree under test: what git tracks or would track, so that build output never counts.</summary>
internal static class Tree
{
    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with forward slashes. Files deleted but not yet committed are left out.</summary>
    public static IReadOnlyList<string> Files { get; } = Git("ls-files", "--cached", "--others", "--exclude-standard")
        .Where(file => File.Exists(Path.Combine(Root, file))).Distinct().Order(StringComparer.Ordinal).ToList();

    public static IReadOnlyList<string> Tracked { get; } = Git("ls-files", "--cached");

    public static IEnumerable<string> CSharp => Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>Project files with the folder each one owns.</summary>
    public static IReadOnlyList<string> Projects { get; } = Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)).ToList();

    public static string Folder(string file) => Path.GetDirectoryName(file)!.Replace('\\', '/');

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Mesh.sln"))) return folder.FullName;
        throw new InvalidOperationException($"no Mesh.sln above {AppContext.BaseDirectory}");
    }

    private static List<string> Git(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-c", "safe.directory=*", "-c", "core.quotePath=false", "-C", Root, .. arguments]) { RedirectStandardOutput = true };
        using var git = Process.Start(start)!;
        string output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.True(git.ExitCode == 0, $"git {string.Join(' ', arguments)} ended with {git.ExitCode}");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
