using System.Runtime.InteropServices;
using System.Text.Json;
using Mesh.Soak.Loading;
using Mesh.Soak.Serving;

namespace Mesh.Soak;

/// <summary>The command line. Besides the run itself this program is also its servers and its clients, which know nothing of a mesh.</summary>
internal static class SoakCommand
{
    private const string Usage = """
        Mesh.Soak [--minutes N | --seconds N] [--seed HEX] [--kinds a,b] [--rate N]     mixed load; exit code 0 when everything was right
        Mesh.Soak serve                                                   a server workload
        Mesh.Soak load NAME SEED WORKERS RATE KINDS LEDGER TARGET...      a client workload
        """;

    public static async Task<int> RunAsync(string[] arguments)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Cancel(context, stopping));
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Cancel(context, stopping));
        switch (arguments)
        {
            case ["serve"]: return await ServeCommand.RunAsync(Console.Out, stopping.Token);
            case ["load", .. var rest]: return await LoadAsync(LoadOptions.Parse(rest), stopping.Token);
            default:
                if (SoakOptions.TryParse(arguments) is { } options) return await SoakRun.RunAsync(options, Console.Out, stopping.Token) ? 0 : 1;
                await Console.Error.WriteLineAsync(Usage);
                return 2;
        }
    }

    private static async Task<int> LoadAsync(LoadOptions options, CancellationToken stopping)
    {
        var report = await new LoadRun(options, Console.Out).RunAsync(stopping);
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(report));
        return report.Failures == 0 ? 0 : 1;
    }

    private static void Cancel(PosixSignalContext context, CancellationTokenSource stopping)
    {
        context.Cancel = true;
        stopping.Cancel();
    }
}
