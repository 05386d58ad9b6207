using System.Buffers;
using System.IO.Pipelines;
using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Kit.Simulation;

/// <summary>One connection through the network: two connections in memory, and a carrier between them for each direction.</summary>
internal sealed class SimulatedLink
{
    private readonly SimulatedNetwork network;
    private readonly MemoryConnection nearClient;
    private readonly MemoryConnection nearServer;
    private readonly Loop clientLoop;
    private readonly Loop serverLoop;
    private readonly IpPort destination;

    public SimulatedLink(
        SimulatedNetwork network, SimulatedHost from, SimulatedHost to, Loop clientLoop, Loop serverLoop, IpPort client, IpPort remote, IpPort local)
    {
        (this.network, From, To, this.clientLoop, this.serverLoop, destination) = (network, from, to, clientLoop, serverLoop, remote);
        (Client, nearClient) = MemoryConnection.Pair(clientLoop, network.Loop, clientAddress: client, serverAddress: remote);
        (nearServer, Server) = MemoryConnection.Pair(network.Loop, serverLoop, clientAddress: client, serverAddress: local);
    }

    public SimulatedHost From { get; }
    public SimulatedHost To { get; }
    public MemoryConnection Client { get; }
    public MemoryConnection Server { get; }

    public bool Touches(Loop loop) => clientLoop == loop || serverLoop == loop;

    public void Start(SimulatedListener listener, Action ended)
    {
        serverLoop.Post(_ => listener.Accept(Server), null);
        network.Loop.Post(_ => _ = RunAsync(ended), null);
    }

    public void Reset()
    {
        nearClient.Abort();
        nearServer.Abort();
    }

    private async Task RunAsync(Action ended)
    {
        // A reset does not wait until the receiver has taken what was sent before.
        nearClient.OnBroken = () => OnBroken(From, To);
        nearServer.OnBroken = () => OnBroken(To, From);
        await Task.WhenAll(CarryAsync(nearClient, nearServer, From, To), CarryAsync(nearServer, nearClient, To, From));
        ended();
        await nearClient.DisposeAsync();
        await nearServer.DisposeAsync();
    }

    private void OnBroken(SimulatedHost from, SimulatedHost to)
    {
        if (network.IsReachable(from.Machine, to.Machine)) Reset();
    }

    private async Task CarryAsync(MemoryConnection source, MemoryConnection target, SimulatedHost from, SimulatedHost to)
    {
        try
        {
            while (await CarryPieceAsync(source.Input, target.Output, from, to))
            {
            }
        }
        catch (ConnectionBrokenException)
        {
            // A reset travels too; what vanished says nothing.
            if (network.IsReachable(from.Machine, to.Machine)) Reset();
        }
    }

    private async Task<bool> CarryPieceAsync(PipeReader source, PipeWriter target, SimulatedHost from, SimulatedHost to)
    {
        var result = await source.ReadAsync();
        var piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, network.PieceBytes(destination)));
        await network.CarryAsync(from.Machine, to.Machine);
        network.Inspect(from, to, destination, piece);
        foreach (var part in piece) target.Write(part.Span);
        bool last = result.IsCompleted && piece.Length == result.Buffer.Length;
        source.AdvanceTo(piece.End);
        if (last) await target.CompleteAsync();
        else await target.FlushAsync();
        return !last;
    }
}
