using System.Net;
using System.Net.Sockets;
using Mesh.Load;
using Mesh.Load.Runs;

namespace Mesh.Tests.InProcess.Load;

public sealed class RateRunTests
{
    private const int Rate = 500;
    private static readonly TimeSpan stall = TimeSpan.FromMilliseconds(400);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_stall_is_charged_to_every_request_that_was_due_meanwhile(bool newConnections)
    {
        using var server = new StallingServer(atRequest: 200);
        var options = new LoadOptions
        {
            Mode = "rate",
            Rate = Rate,
            Duration = TimeSpan.FromSeconds(1),
            WarmUp = TimeSpan.Zero,
            Connections = 1,
            NewConnections = newConnections,
        };
        using var run = new RateRun(options, Target.Of(server.Url), new("hello"u8.ToArray()));
        var report = run.Run();

        Assert.Equal((Rate, 0), (report.Requests, report.Unfinished));
        // 200 of the 500 were due during the stall: counted from their sending only one of them would be late.
        Assert.InRange(report.P99, stall.TotalMicroseconds * 0.9, stall.TotalMicroseconds * 3);
        // The server's wait is counted in whole ticks of another clock and may end a little early.
        Assert.InRange(report.Largest, stall.TotalMicroseconds * 0.9, stall.TotalMicroseconds * 3);
    }

    /// <summary>Answers requests one by one, one of them late.</summary>
    private sealed class StallingServer : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly ManualResetEventSlim never = new();
        private readonly Thread thread;
        private int seen;

        public StallingServer(int atRequest)
        {
            listener.Start();
            thread = new(() => Serve(atRequest));
            thread.Start();
        }

        public Uri Url => new($"http://{listener.LocalEndpoint}/");

        public void Dispose()
        {
            listener.Dispose();
            thread.Join();
            never.Dispose();
        }

        private void Serve(int atRequest)
        {
            try
            {
                while (true)
                {
                    using var connection = listener.AcceptSocket();
                    Answer(connection, atRequest);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The listener was closed.
            }
        }

        private void Answer(Socket connection, int atRequest)
        {
            connection.NoDelay = true;
            byte[] request = new byte[4096];
            while (connection.Receive(request) > 0)
            {
                if (++seen == atRequest) never.Wait(stall);
                connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"u8);
            }
        }
    }
}
