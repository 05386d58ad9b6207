using System.IO.Pipelines;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;

namespace Mesh.Kit.Simulation;

/// <summary>Plain bytes towards the owner, scrambled ones on the transport. Owns the transport.</summary>
internal sealed class SimulatedSecureConnection : SecureConnection
{
    private const byte Scramble = 0xA5;

    private readonly Connection transport;
    private readonly MemoryConnection plain; // the owner's end
    private readonly MemoryConnection inside; // our end of it

    public SimulatedSecureConnection(Connection transport, string? peerUri, string alpn, DateTimeOffset peerNotAfter)
    {
        (this.transport, PeerUri, Alpn, PeerNotAfter) = (transport, peerUri, alpn, peerNotAfter);
        (plain, inside) = MemoryConnection.Pair(transport.Loop);
        plain.OnBroken = () => OnBroken?.Invoke();
        inside.OnBroken = transport.Abort;
        transport.OnBroken = inside.Abort;
        transport.Loop.Post(_ => _ = RunAsync(), null);
    }

    public override string? PeerUri { get; }
    public override string Alpn { get; }
    public override DateTimeOffset PeerNotAfter { get; }
    public override bool IsResumed => false;
    public override Loop Loop => transport.Loop;
    public override PipeReader Input => plain.Input;
    public override PipeWriter Output => plain.Output;
    public override IpPort LocalAddress => transport.LocalAddress;
    public override IpPort RemoteAddress => transport.RemoteAddress;

    public override bool TryGetOriginalDestination(out IpPort destination) => transport.TryGetOriginalDestination(out destination);

    public override void Abort()
    {
        plain.Abort();
        transport.Abort();
    }

    public override ValueTask DisposeAsync() => plain.DisposeAsync();

    private async Task RunAsync()
    {
        await Task.WhenAll(CopyAsync(inside.Input, transport.Output), CopyAsync(transport.Input, inside.Output));
        await transport.DisposeAsync();
        await inside.DisposeAsync();
    }

    private async Task CopyAsync(PipeReader source, PipeWriter target)
    {
        try
        {
            while (await CopyPieceAsync(source, target))
            {
            }
        }
        catch (ConnectionBrokenException)
        {
            inside.Abort();
            transport.Abort();
        }
    }

    private static async Task<bool> CopyPieceAsync(PipeReader source, PipeWriter target)
    {
        var result = await source.ReadAsync();
        foreach (var piece in result.Buffer)
        {
            var memory = target.GetMemory(piece.Length);
            for (int i = 0; i < piece.Length; i++) memory.Span[i] = (byte)(piece.Span[i] ^ Scramble);
            target.Advance(piece.Length);
        }
        source.AdvanceTo(result.Buffer.End);
        if (result.IsCompleted) await target.CompleteAsync();
        else await target.FlushAsync();
        return !result.IsCompleted;
    }
}
