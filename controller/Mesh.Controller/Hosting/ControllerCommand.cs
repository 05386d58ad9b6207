using System.CommandLine;
using System.Runtime.InteropServices;
using Mesh.Controller.Config;
using Mesh.Controller.Identity;
using Mesh.Controller.Systemd;
using Mesh.Resources;
using Mesh.Resources.Compile;
using Mesh.Resources.Reading;
using Mesh.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Mesh.Controller.Hosting;

/// <summary>The command line of mesh-controller. Exit codes: 0 fine, 1 failed while running, 2 bad usage or configuration.</summary>
internal static class ControllerCommand
{
    private const string defaultConfig = "/etc/mesh/controller.yaml";
    private const int fine = 0;
    private const int failed = 1;
    private const int badUsage = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        var config = new Option<string>("--config") { Description = $"Configuration file. Default: {defaultConfig} if it exists.", HelpName = "FILE" };
        var validate = new Option<bool>("--validate") { Description = "Check the configuration and its resources, print every error, and exit with 0 or 2." };
        var command = new RootCommand("The control plane of the mesh: resource API, certificate authority, configuration for nodes.") { config, validate };
        command.SetAction((parsed, _) => StartAsync(parsed.GetValue(config), parsed.GetValue(validate)));
        var parsed = command.Parse(args);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

        foreach (var error in parsed.Errors)
            Console.Error.WriteLine($"mesh-controller: {error.Message}; see --help");
        return badUsage;
    }

    private static async Task<int> StartAsync(string? file, bool validate)
    {
        file ??= File.Exists(defaultConfig) ? defaultConfig : null;
        var (config, errors) = ControllerConfigReader.Read(file);
        if (config is null)
            return Report(errors.Select(error => error.ToString()));
        if (validate)
            return Report(Problems(config));

        using var logs = Logs(config);
        return await ServeAsync(config, logs);
    }

    private static IEnumerable<string> Problems(ControllerConfig config)
    {
        var loaded = ResourceLoader.LoadFiles(config.Resources);
        var compiled = ResourceCompiler.Compile(ResourceSet.Of(loaded.Resources), config.CompileOptions);
        return loaded.Errors.Concat(compiled.Problems).Select(error => error.ToString());
    }

    private static async Task<int> ServeAsync(ControllerConfig config, ILoggerFactory logs)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        using var notifier = new ServiceNotifier(TimeProvider.System);
        try
        {
            await using var host = await ControllerHost.StartAsync(config, TimeProvider.System, new Random(), logs);
            Console.Out.WriteLine($"mesh-controller ready: api https://{host.ApiAddress} nodes https://{host.NodesAddress} metrics http://{host.MetricsAddress} kubeconfig {host.KubeconfigPath}");
            notifier.Ready($"serving {host.ApiAddress}");
            await stop.Task;
            notifier.Stopping();
            return fine;
        }
        catch (BootstrapException wrong)
        {
            return Report(wrong.Errors.Select(error => error.ToString()));
        }
        catch (Exception failure) when (failure is StoreUnusableException or AuthorityException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"mesh-controller: {failure.Message}");
            return failed;
        }
    }

    private static void Stop(PosixSignalContext signal, TaskCompletionSource stop)
    {
        signal.Cancel = true; // the process ends when everything has stopped in order
        stop.TrySetResult();
    }

    private static int Report(IEnumerable<string> errors)
    {
        var any = false;
        foreach (var error in errors)
        {
            any = true;
            Console.Error.WriteLine(error);
        }

        return any ? badUsage : fine;
    }

    private static ILoggerFactory Logs(ControllerConfig config) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(config.LogLevel).AddFilter("Microsoft", LogLevel.Warning);
        switch (config.LogFormat)
        {
            case LogFormat.Json:
                builder.AddJsonConsole(options => options.UseUtcTimestamp = true);
                break;
            case LogFormat.Journal:
                builder.AddSystemdConsole();
                break;
            default:
                builder.AddSimpleConsole(options => (options.SingleLine, options.UseUtcTimestamp, options.TimestampFormat, options.ColorBehavior) = (true, true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", LoggerColorBehavior.Disabled));
                break;
        }
    });
}
