using System.Net.Sockets;

namespace Mesh.Demo.Peers;

/// <summary>A client that keeps one connection to the greeter and exchanges a line every tenth of a second until it is told to stop.
/// Its last line says how that went: "lines=N" or "broken after N lines: why".</summary>
internal static class Talker
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan answerBound = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string host, int port, TextWriter output, CancellationToken stopping)
    {
        int lines = 0;
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, port, stopping);
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\r\n" };
            await output.WriteLineAsync(await reader.ReadLineAsync(stopping).AsTask().WaitAsync(answerBound, stopping));
            using var ticks = new PeriodicTimer(pause);
            for (; !stopping.IsCancellationRequested; lines++)
            {
                await writer.WriteLineAsync($"line {lines}");
                string? answer = await reader.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(answerBound, CancellationToken.None);
                if (answer != $"line {lines}") throw new IOException($"answered '{answer}' to 'line {lines}'");
                await ticks.WaitForNextTickAsync(stopping);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop: the connection held until now.
        }
        catch (Exception error) when (error is IOException or SocketException or TimeoutException)
        {
            await output.WriteLineAsync($"broken after {lines} lines: {error.Message}");
            return 1;
        }
        await output.WriteLineAsync($"lines={lines}");
        return 0;
    }
}
