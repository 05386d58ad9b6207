using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Cni;

/// <summary>A container runtime calls the plugin for every container, and each method that is compiled only then costs a third of a millisecond.</summary>
public sealed class StartUpCostTests : IDisposable
{
    // Twelve at the time of writing, all of the run-time's own start and end.
    private const int MostCompiled = 16;

    private readonly CniFixture fixture = new();
    private readonly string compiled = Path.GetTempFileName();

    [Fact]
    public async Task Published_plugin_compiles_almost_nothing_while_it_runs()
    {
        await fixture.StartDaemonAsync();
        var runtime = fixture.Runtime();
        runtime.MeshProgram = Path.Combine(Repository.Programs, "mesh-cni");
        (runtime.MoreEnvironment["DOTNET_JitStdOutFile"], runtime.MoreEnvironment["DOTNET_JitDisasmSummary"]) = (compiled, "1");
        Few("ADD", runtime.Add);
        Few("CHECK", () => runtime.CallMesh("CHECK"));
        Few("DEL", () => runtime.CallMesh("DEL"));
        Few("VERSION", () => runtime.CallMesh("VERSION"));
        runtime.Delete();
    }

    private void Few(string verb, Func<CniOutcome> call)
    {
        File.WriteAllText(compiled, "");
        var outcome = call();
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        string[] methods = File.ReadAllLines(compiled);
        Assert.True(methods.Length is > 0 and <= MostCompiled, $"{verb} compiles {methods.Length} methods:\n{string.Join('\n', methods)}");
    }

    public void Dispose()
    {
        fixture.Dispose();
        File.Delete(compiled);
    }
}
