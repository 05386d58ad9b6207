using System.IO.Pipelines;

namespace Mesh.Io.Framing;

/// <summary>One byte stream over a transport that may outlive it, so that the next stream needs no new handshake. Each direction is a row of
/// frames: 4 bytes of length, network order, and that many bytes; a frame of length 0 ends the direction. With 0xFFFFFFFF all that follows is data, to the
/// end of the transport: bulk is not framed. Data is passed on where it lies. Abort ends the transport, which is what tells the peer.</summary>
public sealed class FramedConnection : Connection
{
    private readonly Connection transport;
    private readonly FrameReader input;
    private readonly FrameWriter output;
    private readonly Action<FramedConnection>? released;
    private bool disposed;

    /// <param name="local">What the stream's owner sees as its own address, which need not be the transport's.</param>
    /// <param name="released">Called when the owner is done with the stream: see <see cref="IsReusable"/>.</param>
    public FramedConnection(Connection transport, IpPort local, IpPort remote, Action<FramedConnection>? released = null)
    {
        (this.transport, LocalAddress, RemoteAddress, this.released) = (transport, local, remote, released);
        input = new FrameReader(transport);
        output = new FrameWriter(transport);
        transport.OnBroken = OnTransportBroken;
    }

    public override Loop Loop => transport.Loop;
    public override PipeReader Input => input;
    public override PipeWriter Output => output;
    public override IpPort LocalAddress { get; }
    public override IpPort RemoteAddress { get; }
    public override bool IsOutputBroken => transport.IsOutputBroken;

    /// <summary>After disposal: both directions ended in order, and <see cref="Transport"/> is ready for another stream. Otherwise it is disposed.</summary>
    public bool IsReusable { get; private set; }

    public Connection Transport => transport;

    public override void Abort()
    {
        if (!disposed) transport.Abort();
    }

    public override async ValueTask DisposeAsync()
    {
        if (disposed) return;
        disposed = true;
        transport.OnBroken = null;
        bool orderly = input.SawEnd && output.Ended;
        IsReusable = orderly && !input.IsLast && !output.IsLast;
        input.Release();
        if (!IsReusable) await CloseAsync(orderly);
        released?.Invoke(this);
    }

    /// <param name="orderly">What was written must still arrive: a reset could destroy it on the way.</param>
    private async ValueTask CloseAsync(bool orderly)
    {
        try
        {
            if (orderly) await transport.Output.CompleteAsync();
        }
        catch (ConnectionBrokenException)
        {
            // The peer was faster.
        }
        await transport.DisposeAsync();
    }

    private void OnTransportBroken() => OnBroken?.Invoke();
}
