using System.Globalization;
using Mesh.Soak;

namespace Mesh.Tests.Hosts.Soak;

/// <summary>Five minutes of make soak. MESH_SOAK_SECONDS makes it shorter or longer.</summary>
public sealed class SoakTests
{
    private const double Seconds = 300;

    [Fact]
    public async Task Mixed_load_has_no_wrong_byte_and_leaves_nothing_behind()
    {
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("MESH_SOAK_SECONDS"), CultureInfo.InvariantCulture, out double asked) ? asked : Seconds;
        var output = new StringWriter();
        bool right = await SoakRun.RunAsync(SoakOptions.Default(TimeSpan.FromSeconds(seconds)), output, CancellationToken.None);
        Assert.True(right, output.ToString());
    }
}
