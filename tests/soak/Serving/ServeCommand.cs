using Mesh.Soak.Talking;

namespace Mesh.Soak.Serving;

/// <summary>Everything that a server workload listens with, in one process; until it is told to stop.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(TextWriter output, CancellationToken stopping)
    {
        var complaints = new Complaints(output);
        await using var http = await HttpServer.StartAsync(complaints);
        var certificate = TalkServer.NewCertificate();
        SocketServer.Start(Ports.RawHttp, socket => RawHttpServer.ServeAsync(socket, complaints), complaints);
        SocketServer.Start(Ports.Talk, socket => TalkServer.ServeAsync(socket, complaints), complaints);
        SocketServer.Start(Ports.Greeting, socket => TalkServer.GreetAsync(socket, complaints), complaints);
        SocketServer.Start(Ports.Tls, socket => TalkServer.ServeTlsAsync(socket, certificate, complaints), complaints);
        await output.WriteLineAsync("ready");
        await output.FlushAsync(stopping);
        var stopped = new TaskCompletionSource();
        await using var registered = stopping.Register(stopped.SetResult);
        await stopped.Task;
        return 0;
    }
}
