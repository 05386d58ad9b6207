using Mesh.Compare.Results;

namespace Mesh.Tests.Unit.Compare;

public sealed class SummaryTests
{
    [Fact]
    public void An_odd_number_of_values_has_the_middle_one_as_median() => Assert.Equal(new Summary(3, 1, 9, 3), Summary.Of([9, 1, 3]));

    [Fact]
    public void An_even_number_of_values_has_the_middle_of_the_two() => Assert.Equal(new Summary(2.5, 1, 9, 4), Summary.Of([9, 2, 1, 3]));

    [Fact]
    public void No_value_is_refused() => Assert.Throws<ArgumentException>(() => Summary.Of([]));
}
