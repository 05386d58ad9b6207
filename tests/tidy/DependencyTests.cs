using System.Text.RegularExpressions;

namespace Mesh.Tests.Tidy;

/// <summary>References point one way. Every allowed edge stands here; a new one is a decision about the design, not about a build file.</summary>
public sealed partial class DependencyTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Mesh.Telemetry"] = [],
        ["Mesh.Io"] = ["Mesh.Telemetry"],
        ["Mesh.Http"] = ["Mesh.Io"],
        ["Mesh.Proxy"] = ["Mesh.Http"],
        ["Mesh.Control"] = ["Mesh.Proxy", "Mesh.Protocol"],
        ["Mesh.Capture"] = ["Mesh.Proxy", "Mesh.Netfilter", "Mesh.NodeSocket"],
        ["Mesh.Daemon"] = ["Mesh.Control", "Mesh.Capture", "Mesh.Resources"],
        ["Mesh.Protocol"] = [],
        ["Mesh.Resources"] = ["Mesh.Protocol"],
        ["Mesh.Store"] = ["Mesh.Resources"],
        ["Mesh.Controller"] = ["Mesh.Store", "Mesh.Protocol", "Mesh.Io"],
        ["Mesh.Ctl"] = ["Mesh.Resources"],
        ["Mesh.Netfilter"] = [],
        ["Mesh.NodeSocket"] = ["Mesh.Netfilter"],
        ["Mesh.Cni"] = ["Mesh.Netfilter", "Mesh.NodeSocket"],
    };

    /// <summary>Packages of the data path's lower rooms: none, they are what everything else stands on.</summary>
    private static readonly string[] WithoutPackages = ["Mesh.Telemetry", "Mesh.Io", "Mesh.Http", "Mesh.Proxy", "Mesh.Capture", "Mesh.Netfilter", "Mesh.NodeSocket", "Mesh.Cni"];

    private static bool IsProduct(string project) => !project.StartsWith("tests/", StringComparison.Ordinal)
        && !project.StartsWith("perf/", StringComparison.Ordinal) && !project.StartsWith("demo/", StringComparison.Ordinal);

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project);

    [Fact]
    public void Every_product_project_has_its_allowed_references_listed()
    {
        var unlisted = Tree.Projects.Where(IsProduct).Select(Name).Where(name => !Allowed.ContainsKey(name));
        Report.None(unlisted, "add the project to the table of allowed references");
    }

    [Fact]
    public void References_between_projects_follow_the_table()
    {
        var wrong = from project in Tree.Projects.Where(IsProduct)
                    from Match reference in ProjectReference().Matches(Tree.Read(project))
                    let target = Name(reference.Groups[1].Value.Replace('\\', '/'))
                    where Allowed.TryGetValue(Name(project), out var allowed) && !allowed.Contains(target)
                    select $"{Name(project)} references {target}";
        Report.None(wrong, "DESIGN: references point one way");
    }

    [Fact]
    public void Product_projects_do_not_reference_tests()
    {
        var wrong = Tree.Projects.Where(IsProduct).Where(project => Tree.Read(project).Contains("tests/", StringComparison.Ordinal));
        Report.None(wrong, "product code must build without the tests");
    }

    [Fact]
    public void Lower_rooms_have_no_packages()
    {
        var wrong = from project in Tree.Projects.Where(project => WithoutPackages.Contains(Name(project)))
                    from Match package in PackageReference().Matches(Tree.Read(project))
                    select $"{project} uses {package.Groups[1].Value}";
        Report.None(wrong, "the data path and the plugin stand on the framework alone");
    }

    [Fact]
    public void Versions_of_packages_stand_in_one_file()
    {
        var wrong = Tree.Projects.Where(project => PackageWithVersion().IsMatch(Tree.Read(project)));
        Report.None(wrong, "versions belong into Directory.Packages.props");
    }

    [Fact]
    public void Every_project_is_in_the_solution_and_has_a_lock_file()
    {
        string solution = Tree.Read("Mesh.sln").Replace('\\', '/');
        var missing = Tree.Projects.Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal))
            .Select(project => $"{project} is not in Mesh.sln")
            .Concat(Tree.Projects.Where(project => !Tree.Files.Contains($"{Tree.Folder(project)}/packages.lock.json"))
                .Select(project => $"{project} has no packages.lock.json"));
        Report.None(missing, "dotnet sln add, dotnet restore");
    }

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex ProjectReference();

    [GeneratedRegex("<PackageReference Include=\"([^\"]+)\"")]
    private static partial Regex PackageReference();

    [GeneratedRegex("<PackageReference[^>]* Version=")]
    private static partial Regex PackageWithVersion();
}
