using Mesh.Daemon.Logging;
using Mesh.Daemon.Options;
using Mesh.Io;
using Mesh.Telemetry.Logging;

namespace Mesh.Tests.Unit.Daemon;

public sealed class OptionsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("meshd-options-").FullName;
    private readonly StringWriter output = new();
    private readonly StringWriter errors = new();
    private MeshdOptions? seen;

    private string FilePath => Path.Combine(folder, "meshd.yaml");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Every_key_of_the_file_is_read()
    {
        Assert.Equal(0, await RunAsync("""
            node: node-a
            controller: https://10.0.0.1:15012
            trust: { caFile: ca.pem, joinTokenFile: /etc/mesh/token }
            workers: 3
            admin: "[::1]:1"
            metrics: 10.0.0.1:2
            readiness: 0.0.0.0:3
            stateDirectory: state
            nodeSocket: /run/n.sock
            virtualAddresses: 241.9.0.0/16
            virtualAddressesV6: fd12:3456:789a::/48
            log: { level: debug, format: journal }
            """));
        Assert.Equal("node-a", seen!.Node);
        Assert.Equal(new Uri("https://10.0.0.1:15012"), seen.Controller);
        Assert.Equal(Path.Combine(folder, "ca.pem"), seen.CaFile);
        Assert.Equal("/etc/mesh/token", seen.JoinTokenFile);
        Assert.Equal(3, seen.Workers);
        Assert.Equal(IpPort.Parse("[::1]:1"), seen.Admin);
        Assert.Equal(IpPort.Parse("10.0.0.1:2"), seen.Metrics);
        Assert.Equal(IpPort.Parse("0.0.0.0:3"), seen.Readiness);
        Assert.Equal(Path.Combine(folder, "state"), seen.StateDirectory);
        Assert.Equal("/run/n.sock", seen.NodeSocket);
        Assert.Equal(("241.9.0.0/16", "fd12:3456:789a::/48"), (seen.VirtualRanges.V4.ToString(), seen.VirtualRanges.V6.ToString()));
        Assert.Equal((LogLevel.Debug, LogFormat.Journal), (seen.LogLevel, seen.LogFormat));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("node:\nlog:\n")]
    public async Task Missing_keys_have_the_defaults_of_the_contract(string yaml)
    {
        Assert.Equal(0, await RunAsync(yaml));
        Assert.Equal(MeshdOptions.Default, seen! with { Resources = MeshdOptions.Default.Resources });
        Assert.Equal("127.0.0.1:15000 [::]:15020 [::]:15021", $"{seen.Admin} {seen.Metrics} {seen.Readiness}");
    }

    [Fact]
    public async Task Relative_resources_start_at_the_folder_of_the_file()
    {
        Assert.Equal(0, await RunAsync("resources: [ ./shop.yaml, /abs ]"));
        Assert.Equal([Path.Combine(folder, "shop.yaml"), "/abs"], seen!.Resources);
    }

    [Fact]
    public async Task All_errors_are_named_with_file_line_and_path_and_nothing_runs()
    {
        int status = await RunAsync("""
            nod: x
            workers: many
            log:
              level: loud
              colour: red
            trust: ca.pem
            resources: a.yaml
            admin: { port: 1 }
            controller: http://x:1
            metrics: 0.0.0.0
            """);
        Assert.Equal(2, status);
        Assert.Null(seen);
        string[] expected =
        [
            $"{FilePath}:1: nod: unknown key; known here are node, controller, trust, resources, workers, admin, metrics, readiness, stateDirectory, nodeSocket, virtualAddresses, virtualAddressesV6, drainTimeout, log",
            $"{FilePath}:2: workers: 'many' is not a number of loops from 0 to 1024",
            $"{FilePath}:4: log.level: 'loud' is none of debug, info, warning, error",
            $"{FilePath}:5: log.colour: unknown key; known here are level, format",
            $"{FilePath}:6: trust: keys and values are expected, not a single value",
            $"{FilePath}:7: resources: a list is expected, not a single value",
            $"{FilePath}:8: admin: one value is expected, not a mapping",
            $"{FilePath}:9: controller: 'http://x:1' is not an address of the form https://host:port",
            $"{FilePath}:10: metrics: '0.0.0.0' is not address:port, as in 127.0.0.1:15000 or [::1]:15000",
        ];
        Assert.Equal(expected, errors.ToString().TrimEnd().Split(Environment.NewLine));
    }

    [Theory]
    [InlineData("node: [a", "not valid YAML: ")]
    [InlineData("node: a\nnode: b\n", "not valid YAML: ")]
    [InlineData("node: a\n---\nnode: b\n", "only one YAML document")]
    [InlineData("- a\n", "keys and values are expected")]
    [InlineData("admin: 0.0.0.0:15000", "not a loopback address")]
    [InlineData("controller: https://c:1\nresources: [ a ]", "cannot be combined with controller")]
    [InlineData("metrics: 0.0.0.0:15021", "port 15021 is already the one of")]
    [InlineData("virtualAddresses: 240.240.0.0/12", "not an IPv4 block of 16 bits")]
    [InlineData("virtualAddresses: 240.240.1.0/16", "not an IPv4 block of 16 bits")]
    [InlineData("virtualAddresses: fd00::/16", "not an IPv4 block of 16 bits")]
    [InlineData("virtualAddressesV6: fd00:240:240::/64", "not an IPv6 block of 48 bits")]
    [InlineData("node: Node_A", "is not a resource name")]
    public async Task Bad_file_is_refused(string yaml, string words)
    {
        Assert.Equal(2, await RunAsync(yaml));
        Assert.Contains(words, errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_file_that_was_asked_for_is_an_error()
    {
        Assert.Equal(2, await InvokeAsync("--config", "/nonexistent/meshd.yaml"));
        Assert.Contains("/nonexistent/meshd.yaml: cannot be read", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Switches_override_the_file()
    {
        int status = await RunAsync("node: a\nlog: { level: error }\n", "--node", "b", "--log-level", "debug", "--resources", "/x", "--resources", "/y");
        Assert.Equal((0, ""), (status, errors.ToString()));
        Assert.Equal(("b", LogLevel.Debug), (seen!.Node, seen.LogLevel));
        Assert.Equal(["/x", "/y"], seen.Resources);
    }

    [Theory]
    [InlineData("--workers", "x")]
    [InlineData("--unknown", "x")]
    [InlineData("stray")]
    [InlineData("--node")]
    [InlineData("--node", "a", "--node", "b")]
    public async Task Bad_switches_end_with_2(params string[] args)
    {
        Assert.Equal(2, await InvokeAsync(args));
        Assert.NotEqual("", errors.ToString());
        Assert.Null(seen);
    }

    [Fact]
    public async Task Validate_checks_without_running_and_asks_for_more_problems()
    {
        Assert.Equal(0, await RunAsync("node: a\n", "--validate"));
        Assert.Null(seen);
        Assert.Contains("configuration is valid", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, await RunAsync("node: broken\n", "--validate"));
        Assert.Contains("resources are broken", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_switch_once()
    {
        Assert.Equal(0, await InvokeAsync("--help"));
        foreach (var option in OptionTable.All) Assert.Equal(2, output.ToString().Split(option.Switch + " ").Length);
    }

    private Task<int> RunAsync(string yaml, params string[] more)
    {
        File.WriteAllText(FilePath, yaml);
        return InvokeAsync(["--config", FilePath, .. more]);
    }

    private Task<int> InvokeAsync(params string[] args) => MeshdCommand.InvokeAsync(args, options =>
    {
        seen = options;
        return Task.FromResult(0);
    }, options => options.Node == "broken" ? ["resources are broken"] : [], output, errors);
}
