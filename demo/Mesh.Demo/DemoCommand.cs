using System.Globalization;
using System.Runtime.InteropServices;
using Mesh.Demo.Peers;

namespace Mesh.Demo;

/// <summary>The command line. Besides the demo itself this program is also the plain TCP service and its client, which know nothing of a mesh.</summary>
internal static class DemoCommand
{
    private const string Usage = """
        Mesh.Demo                    runs until Ctrl-C with a live summary
        Mesh.Demo --once             proves the scenario; exit code 0 or 1
        """;

    public static async Task<int> RunAsync(string[] arguments)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Cancel(context, stopping));
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Cancel(context, stopping));
        switch (arguments)
        {
            case ["greeter", var port]: return await Greeter.ServeAsync(Number(port), stopping.Token);
            case ["talk", var host, var port]: return await Talker.RunAsync(host, Number(port), Console.Out, stopping.Token);
            case ["--once"]: return await Scenario.RunOnceAsync(Console.Out, stopping.Token) ? 0 : 1;
            case []: return await Live.RunAsync(Console.Out, stopping.Token);
            default:
                await Console.Error.WriteLineAsync(Usage);
                return 2;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Cancel(PosixSignalContext context, CancellationTokenSource stopping)
    {
        context.Cancel = true;
        stopping.Cancel();
    }
}
