namespace Mesh.Kit.Machines;

/// <summary>Where this program was built from, and the four programs that "make build" put there.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <exception cref="FileNotFoundException">They have not been built.</exception>
    public static string Programs
    {
        get
        {
            string folder = Path.Combine(Root, "bin");
            return File.Exists(Path.Combine(folder, "meshd")) ? folder : throw new FileNotFoundException($"no programs in {folder}: run 'make build' first");
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Mesh.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no Mesh.sln above {AppContext.BaseDirectory}");
    }
}
