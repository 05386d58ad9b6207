using System.Reflection;
using Mesh.Cni.Spec;

namespace Mesh.Cni.Commands;

/// <summary>The program as people and meshd call it, for workloads that no container runtime manages. Exit codes: 0 fine, 1 failed, 2 wrong usage.</summary>
internal static class CommandLine
{
    private const string Help = """
        mesh-cni: captures the traffic of workloads for meshd.

        Container runtimes call it with CNI_COMMAND set, as a chained plugin of type "mesh-cni" (CNI 0.4.0 to 1.1.0).
        For workloads that no runtime manages:

          mesh-cni enrol   --netns PATH --workload NAME [options]   redirect the namespace's traffic and hand it to meshd
          mesh-cni unenrol --netns PATH --workload NAME [options]   undo that
          mesh-cni verify  --netns PATH --workload NAME [options]   compare the kernel with what enrol set up, and ask meshd
          mesh-cni status                                           list the workloads of this machine
          mesh-cni --config FILE --validate                         check a CNI configuration
          mesh-cni install [--watch] [--bin-dir DIR] [--conf-dir DIR] [--node-socket PATH]
                                                                    chain the plugin after the primary one; stay and repeat

          --netns PATH            network namespace: a file, or a name below /run/netns
          --namespace NAME        mesh namespace (default)
          --workload NAME         name of the workload
          --service-account NAME  its service account (default)
          --labels A=B,C=D        its labels
          --address ADDRESS       repeatable; without it all addresses of the namespace
          --no-dns                leave DNS alone
          --exclude-inbound-port, --exclude-inbound-cidr, --exclude-outbound-port, --exclude-outbound-cidr   repeatable
          --node-socket PATH      meshd's node socket (/run/mesh/node.sock)
          --timeout DURATION      how long to wait for meshd (5s)
        """;

    internal static int Run(string[] arguments, PluginHost host)
    {
        try
        {
            return Dispatch(arguments, host);
        }
        catch (UsageException error)
        {
            host.Log(error.Message);
            return 2;
        }
        catch (CniException error)
        {
            host.Log(error.Details.Length > 0 ? $"{error.Message} ({error.Details})" : error.Message);
            return 1;
        }
    }

    private static int Dispatch(string[] arguments, PluginHost host)
    {
        switch (arguments)
        {
            case ["--help" or "-h" or "help"]:
                host.WriteLine(Help);
                return 0;
            case ["--version"]:
                var version = typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
                host.WriteLine($"mesh-cni {version}, CNI {string.Join(", ", CniVersions.Supported)}");
                return 0;
            case ["--config", var file, "--validate"]:
                return ConfigValidation.Run(file, host);
            case ["--validate", "--config", var file]:
                return ConfigValidation.Run(file, host);
            case ["enrol", .. var rest]:
                return WorkloadCommands.Enrol(CommandOptions.Parse(rest), host);
            case ["unenrol", .. var rest]:
                return WorkloadCommands.Unenrol(CommandOptions.Parse(rest), host);
            case ["verify", .. var rest]:
                return WorkloadCommands.Verify(CommandOptions.Parse(rest), host);
            case ["status", .. var rest]:
                return WorkloadCommands.Status(CommandOptions.Parse(rest), host);
            case ["install", .. var rest]:
                return InstallCommand.Run(InstallOptions.Parse(rest), host);
            default:
                throw new UsageException(arguments.Length == 0
                    ? "CNI_COMMAND is not set and no command is given; see mesh-cni --help"
                    : $"unknown command '{arguments[0]}'; see mesh-cni --help");
        }
    }
}
