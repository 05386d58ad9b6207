using System.Text.Json.Nodes;
using Mesh.Cni.Commands;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Packaging;

/// <summary>The CNI installer of the DaemonSet, as the process it is.</summary>
public sealed class InstallTests : IDisposable
{
    private const string Primary = """{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge"},{"type":"portmap"}]}""";
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(10);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mesh-install-");

    private string Programs => folder.CreateSubdirectory("bin").FullName;
    private string Configs => folder.CreateSubdirectory("net.d").FullName;

    private string[] Command(params string[] more) =>
        ["dotnet", typeof(InstallCommand).Assembly.Location, "install", "--bin-dir", Programs, "--conf-dir", Configs, .. more];

    private string[] Plugins(string file) =>
        [.. JsonNode.Parse(File.ReadAllText(Path.Combine(Configs, file)))!["plugins"]!.AsArray().Select(plugin => (string)plugin!["type"]!)];

    [Fact]
    public async Task The_plugin_is_chained_last_and_only_once()
    {
        File.WriteAllText(Path.Combine(Configs, "10-pods.conflist"), Primary);
        (await Shell.RunAsync(Command())).Must();
        (await Shell.RunAsync(Command())).Must();
        Assert.Equal(["bridge", "portmap", "mesh-cni"], Plugins("10-pods.conflist"));
        Assert.True(File.Exists(Path.Combine(Programs, "mesh-cni")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Configs, "10-pods.conflist")));
        Assert.Single(Directory.GetFiles(Configs));
    }

    [Fact]
    public async Task A_configuration_of_a_single_plugin_becomes_a_list_that_sorts_first()
    {
        File.WriteAllText(Path.Combine(Configs, "10-pods.conf"), """{"cniVersion":"0.4.0","name":"pods","type":"bridge","bridge":"cni0"}""");
        (await Shell.RunAsync(Command())).Must();
        Assert.Equal(["bridge", "mesh-cni"], Plugins("00-mesh-cni.conflist"));
        Assert.StartsWith("00-mesh-cni", Directory.GetFiles(Configs).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal).First());
    }

    [Fact]
    public async Task Without_a_primary_network_it_fails_and_says_what_to_do()
    {
        var result = await Shell.RunAsync(Command());
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("install the primary plugin first", result.Error);
    }

    [Fact]
    public async Task A_list_that_the_primary_rewrites_is_chained_again()
    {
        string file = Path.Combine(Configs, "10-pods.conflist");
        await using var watching = Background.Start("install", Path.Combine(folder.FullName, "install.log"), Command("--watch"));
        foreach (string network in new[] { "first", "second" })
        {
            File.WriteAllText(file, Primary.Replace("pods", network, StringComparison.Ordinal));
            await Until.TrueAsync($"the {network} list has the plugin", bound, () => File.ReadAllText(file).Contains("mesh-cni", StringComparison.Ordinal), watching.ReadLog);
            Assert.Equal(["bridge", "portmap", "mesh-cni"], Plugins("10-pods.conflist"));
        }
        Assert.True(await watching.StopAsync(bound));
        Assert.Equal(0, watching.ExitCode);
    }

    public void Dispose() => folder.Delete(recursive: true);
}
