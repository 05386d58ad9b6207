using System.Runtime.InteropServices;
using Mesh.Daemon.Composition;
using Mesh.Daemon.Options;

return await MeshdCommand.InvokeAsync(
    args,
    RunAsync,
    static options => StandaloneConfig.Read(options.Resources, options.VirtualRanges).Problems,
    Console.Out,
    Console.Error);

static async Task<int> RunAsync(MeshdOptions options)
{
    NativeHeap.Restrain(options.Workers);
    var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
    try
    {
        await using var daemon = new MeshDaemon(options, TimeProvider.System);
        await daemon.StartAsync();
        if (await Task.WhenAny(stop.Task, daemon.Failed) == stop.Task) return 0;
        await daemon.Failed;
        return 1;
    }
    catch (ConfigurationException error)
    {
        await Console.Error.WriteLineAsync($"meshd: {error.Message}");
        return 2;
    }
    catch (IOException error)
    {
        await Console.Error.WriteLineAsync($"meshd: {error.Message}");
        return 1;
    }

    void Handle(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.TrySetResult();
    }
}
