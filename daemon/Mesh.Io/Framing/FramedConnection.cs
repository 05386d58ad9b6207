using System.IO.Pipelines;

namespace Mesh.Io.Framing;

/// <summary>One byte stream over a transport that may outlive it, so that the next stream needs no new handshake. Each direction is a row of
/// frames: 4 bytes of length, network order, and that many bytes; a frame of length 0 ends the direction. Data is passed on where it lies.
/// Abort ends the transport, which is what tells the peer.</summary>
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
        IsReusable = input.SawEnd && output.Ended;
        input.Release();
        if (!IsReusable) await transport.DisposeAsync();
        released?.Invoke(this);
    }

    private void OnTransportBroken() => OnBroken?.Invoke();
}
