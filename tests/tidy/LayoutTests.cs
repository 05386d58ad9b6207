using System.Text.RegularExpressions;

namespace Mesh.Tests.Tidy;

/// <summary>The shape of the tree: pages, targets, what is generated and what is not.</summary>
public sealed partial class LayoutTests
{
    private static readonly string[] Targets = ["build", "test", "presubmit", "demo", "bench", "package", "soak", "fuzz", "clean"];

    [Fact]
    public void Every_room_has_a_page()
    {
        var missing = Tree.Projects.Select(Tree.Folder).Select(folder => $"{folder}/README.md").Where(page => !Tree.Files.Contains(page));
        Report.None(missing, "one screen: what it is, its threads, its types, the life of its data");
    }

    [Fact]
    public void A_page_of_a_room_is_one_screen()
    {
        var wrong = Tree.Projects.Select(Tree.Folder).Select(folder => $"{folder}/README.md").Where(Tree.Files.Contains)
            .Select(page => (page, lines: Tree.Read(page).Count(c => c == '\n')))
            .Where(page => page.lines is < 5 or > 80).Select(page => $"{page.page}: {page.lines} lines");
        Report.None(wrong, "between 5 and 80 lines");
    }

    [Fact]
    public void The_map_names_every_room()
    {
        string map = Tree.Read("README.md");
        var missing = Tree.Projects.Where(project => !map.Contains(Path.GetFileNameWithoutExtension(project), StringComparison.Ordinal)
            && !map.Contains(Tree.Folder(project), StringComparison.Ordinal));
        Report.None(missing, "add the room to the map in README.md");
    }

    [Fact]
    public void Every_promised_make_target_exists()
    {
        string makefile = Tree.Read("Makefile");
        Report.None(Targets.Where(target => !Regex.IsMatch(makefile, $"(?m)^{target}:")), "the targets are the product's surface");
    }

    [Fact]
    public void Nothing_that_a_build_makes_is_tracked() => Report.None(Tree.Tracked.Where(file => Generated().IsMatch(file)), "git rm --cached");

    [Fact]
    public void Links_between_pages_lead_somewhere()
    {
        var broken = from page in Tree.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal))
                     from Match link in Link().Matches(Tree.Read(page))
                     let target = link.Groups[1].Value
                     where !target.Contains("://", StringComparison.Ordinal)
                     let path = Path.Combine(Tree.Root, Tree.Folder(page), target)
                     where !File.Exists(path) && !Directory.Exists(path)
                     select $"{page}: {target}";
        Report.None(broken, "correct the link");
    }

    [GeneratedRegex(@"(^|/)(bin|obj|dist|TestResults|node_modules)/|\.(dll|pdb|so|trx|nupkg|deb)$|\.g\.cs$")]
    private static partial Regex Generated();

    [GeneratedRegex(@"\]\(([^)#\s]+)")]
    private static partial Regex Link();
}
