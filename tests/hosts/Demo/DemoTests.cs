using Mesh.Demo;

namespace Mesh.Tests.Hosts.Demo;

/// <summary>The demo is the test that ties everything together.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task Every_claim_of_the_demo_is_proved()
    {
        var output = new StringWriter();
        bool proved = await Scenario.RunOnceAsync(output, CancellationToken.None);
        Assert.True(proved, output.ToString());
    }
}
