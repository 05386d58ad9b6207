using Mesh.Compare;
using Mesh.Compare.Scenarios;

namespace Mesh.Tests.Unit.Compare;

public sealed class CompareOptionsTests
{
    [Fact]
    public void Keys_are_distinct_and_every_row_is_there()
    {
        var keys = Catalogue.All.Select(scenario => scenario.Key).ToList();
        Assert.Equal(keys.Distinct(), keys);
        Assert.Equal("abcdefghijklmno", string.Concat(keys.Select(key => key[0]).Distinct().Order()));
    }

    [Fact]
    public void A_letter_selects_all_of_its_row_and_a_key_one() =>
        Assert.Equal(["a", "e-mtls", "f", "f-mtls"], Catalogue.Select("f,e-mtls,a").Select(scenario => scenario.Key));

    [Fact]
    public void Arguments_change_the_plan()
    {
        var options = CompareOptions.Parse("--rounds 7 --seconds 2 --only a --out there".Split(' '));
        Assert.Equal((7, 2.0, "a", "there"), (options.Plan.Rounds, options.Plan.FullLoad.TotalSeconds, Assert.Single(options.Scenarios).Key, options.Folder));
    }

    [Fact]
    public void A_quick_run_leaves_the_results_of_a_full_one_alone() =>
        Assert.NotEqual(CompareOptions.Parse([]).Folder, CompareOptions.Parse(["--quick"]).Folder);

    [Theory]
    [InlineData("--only z")]
    [InlineData("--only a,")]
    [InlineData("--rounds 0")]
    [InlineData("--rounds")]
    [InlineData("--fast yes")]
    public void What_is_not_understood_is_refused(string arguments) => Assert.Throws<FormatException>(() => CompareOptions.Parse(arguments.Split(' ')));
}
