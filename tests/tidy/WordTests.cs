using System.Text.RegularExpressions;

namespace Mesh.Tests.Tidy;

/// <summary>What must not stand anywhere in the tree.</summary>
public sealed partial class WordTests
{
    // Corpus files are bytes as they failed.
    private static IEnumerable<string> Text => Tree.Files.Where(file => !file.StartsWith("tests/fuzz/Corpus/", StringComparison.Ordinal) && file is not "tests/tidy/WordTests.cs"
        && Path.GetExtension(file) is ".cs" or ".csproj" or ".props" or ".targets" or ".proto" or ".md" or ".yaml" or ".yml" or ".json" or ".conf" or ".cfg" or ".service" or ".sh" or ".txt" or "");

    private static IEnumerable<string> Find(IEnumerable<string> files, Regex pattern) =>
        from file in files.AsParallel().AsOrdered()
        from line in Tree.Read(file).Split('\n').Select((text, index) => (text, number: index + 1))
        where pattern.IsMatch(line.text)
        select $"{file}:{line.number} {line.text.Trim()}";

    [Fact]
    public void Nothing_is_left_for_later() => Report.None(Find(Tree.CSharp.Where(NotThisFile), Unfinished()), "do it, or leave it out");

    [Fact]
    public void Tests_do_not_skip_and_do_not_sleep() =>
        Report.None(Find(Tree.CSharp.Where(NotThisFile).Where(file => file.StartsWith("tests/", StringComparison.Ordinal)), SkipOrSleep()),
            "wait for a condition with a bound; fix or remove a test that cannot run");

    [Fact]
    public void Lines_end_without_spaces() => Report.None(Find(Text, TrailingSpace()), "dotnet format whitespace");

    [Fact]
    public void Paths_of_one_machine_do_not_occur() => Report.None(Find(Text, MachinePath()), "use a path relative to the repository");

    [Fact]
    public void Warnings_are_not_switched_off_for_a_whole_file()
    {
        var wrong = Tree.CSharp.Where(NotThisFile).Where(file => Tree.Read(file) is var source
            && Disable().Count(source) != Restore().Count(source));
        Report.None(wrong, "close every #pragma warning disable with a restore");
    }

    private static bool NotThisFile(string file) => file != "tests/tidy/WordTests.cs";

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\bSkip\s*=|Thread\.Sleep\(|Task\.Delay\((?!.*([tT]ime|clock|provider))")]
    private static partial Regex SkipOrSleep();

    [GeneratedRegex(@"[ \t]+$")]
    private static partial Regex TrailingSpace();

    [GeneratedRegex(@"(^|[\s""'=(:])/(work|home|Users)/\w")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"#pragma warning disable")]
    private static partial Regex Disable();

    [GeneratedRegex(@"#pragma warning restore")]
    private static partial Regex Restore();
}
