using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>A stream whose DATA is a byte stream: CONNECT after its 200 (RFC 9113 8.5, HBONE). Half-close is END_STREAM, abort is RST_STREAM(CANCEL),
/// which overtakes what was written before only where that cannot go out at once. Owns the stream.</summary>
public sealed class TunnelConnection : Connection
{
    private readonly Http2Stream stream;
    private readonly StreamInput input;
    private readonly StreamOutput output;
    private bool disposed;

    public TunnelConnection(Loop loop, Http2Stream stream, IpPort local, IpPort remote)
    {
        (Loop, this.stream, LocalAddress, RemoteAddress) = (loop, stream, local, remote);
        (input, output) = (stream.ReceiveBuffer, stream.SendBuffer);
        stream.BrokenSignal = new Broken(this);
    }

    public override Loop Loop { get; }
    public override PipeReader Input => input;
    public override PipeWriter Output => output;
    public override IpPort LocalAddress { get; }
    public override IpPort RemoteAddress { get; }
    public override bool IsOutputBroken => stream.IsBroken || output.IsUnwanted;

    /// <summary>Of the tunnel itself, e.g. to read the head again.</summary>
    public Http2Stream Stream => stream;

    public override void Abort() => stream.ResetAfterData(ErrorCode.Cancel);

    public override ValueTask DisposeAsync()
    {
        if (disposed) return ValueTask.CompletedTask;
        disposed = true;
        stream.BrokenSignal = null;
        // A body that was not read to its end is an abort here, other than in HTTP, where a server may answer early.
        if (!input.SawEnd || !output.EndRequested) Abort();
        stream.Dispose();
        return ValueTask.CompletedTask;
    }

    private sealed class Broken(TunnelConnection connection) : LoopSignal
    {
        public override void Fire() => connection.OnBroken?.Invoke();
    }
}
