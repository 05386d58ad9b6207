using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Http.ProxyProtocol;

/// <summary>A connection whose PROXY header has told who is really at its other end.</summary>
public sealed class ProxiedConnection : Connection
{
    private readonly Connection inner;

    private ProxiedConnection(Connection inner, IpPort source, IpPort destination) =>
        (this.inner, RemoteAddress, LocalAddress) = (inner, source, destination);

    public override Loop Loop => inner.Loop;
    public override PipeReader Input => inner.Input;
    public override PipeWriter Output => inner.Output;
    public override IpPort LocalAddress { get; }
    public override IpPort RemoteAddress { get; }
    public override bool IsOutputBroken => inner.IsOutputBroken;

    public override Action? OnBroken
    {
        get => inner.OnBroken;
        set => inner.OnBroken = value;
    }

    public override void Abort() => inner.Abort();

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Reads the header away.</summary>
    /// <returns>The same connection where the header names nobody.</returns>
    /// <exception cref="ProxyHeaderException">It is malformed, or did not come in time, or the connection ended before it.</exception>
    /// <exception cref="ConnectionBrokenException">The connection broke.</exception>
    public static async ValueTask<Connection> AcceptAsync(Connection connection, TimeSpan timeout)
    {
        var timer = new LoopTimer(connection.Loop.Timers, static state => ((PipeReader)state!).CancelPendingRead(), connection.Input);
        timer.Arm(timeout);
        try
        {
            while (true)
            {
                var read = await connection.Input.ReadAsync();
                bool whole = ProxyHeaderReader.TryRead(read.Buffer, out var header, out int length);
                var consumed = read.Buffer.GetPosition(length);
                connection.Input.AdvanceTo(consumed, whole ? consumed : read.Buffer.End);
                if (whole) return Named(connection, header);
                if (read.IsCompleted) throw new ProxyHeaderException("the connection ended before its PROXY header");
                if (read.IsCanceled) throw new ProxyHeaderException($"no PROXY header came within {timeout.TotalSeconds:0.###} s");
            }
        }
        finally
        {
            timer.Cancel();
        }
    }

    private static Connection Named(Connection connection, in ProxyHeader header) =>
        header is { Source: { } source, Destination: { } destination } ? new ProxiedConnection(connection, source, destination) : connection;
}
