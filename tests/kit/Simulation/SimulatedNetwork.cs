using System.Buffers;
using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Kit.Simulation;

/// <summary>Is shown bytes on their way; they are valid until it returns.</summary>
/// <param name="from">Machine.</param>
/// <param name="to">Machine.</param>
public delegate void WireInspector(string from, string to, IpPort destination, in ReadOnlySequence<byte> bytes);

/// <summary>Machines joined by a bad network, in memory, on virtual time, from one seed. Everything that a real one does to a
/// connection happens here: latency, split writes, resets, lost handshakes, partitions, peers that vanish without a word.</summary>
public sealed class SimulatedNetwork
{
    /// <summary>Unacknowledged data is given up after this; the kernel's default is longer, which only makes tests slower.</summary>
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Retransmission = TimeSpan.FromMilliseconds(200);

    private const ushort OutboundPort = 15001;
    private const ushort InboundPort = 15006;
    private const ushort TunnelPort = 15008;

    private readonly List<SimulatedHost> hosts = [];
    private readonly HashSet<(string, string)> partitions = [];
    private readonly HashSet<string> vanished = [];
    private readonly List<SimulatedLink> links = [];
    private readonly Random random;

    public SimulatedNetwork(VirtualTime time, Random random)
    {
        (Time, this.random) = (time, random);
        Loop = new TestLoop("network", 0, time);
    }

    public VirtualTime Time { get; }
    public NetworkFaults Faults { get; set; } = new();

    /// <summary>Sees every byte that crosses from one machine to another.</summary>
    public event WireInspector? OnWire;

    internal TestLoop Loop { get; }

    public SimulatedHost AddHost(string name, string machine, string address)
    {
        var host = new SimulatedHost(name, machine, Ip.Parse(address));
        hosts.Add(host);
        return host;
    }

    /// <summary>Nothing gets from one to the other, either way, until healed.</summary>
    public void Partition(string machine, string other) => partitions.Add(Pair(machine, other));

    public void Heal()
    {
        partitions.Clear();
        vanished.Clear();
    }

    /// <summary>The process is killed: its listeners are gone and its connections reset, as the kernel does. Its loop runs no more.</summary>
    public void Kill(TestLoop loop)
    {
        Time.Remove(loop);
        foreach (var host in hosts) host.CloseOf(loop);
        foreach (var link in links.Where(link => link.Touches(loop)).ToList()) link.Reset();
    }

    /// <summary>The machine loses its power or its cable: nothing of its connections is heard again, not even a reset.</summary>
    public void Vanish(string machine) => vanished.Add(machine);

    /// <summary>Resets one connection between machines, drawn from all; false if there is none.</summary>
    public bool ResetAny()
    {
        var crossing = links.Where(link => link.From.Machine != link.To.Machine).ToList();
        if (crossing.Count == 0) return false;
        crossing[random.Next(crossing.Count)].Reset();
        return true;
    }

    internal async ValueTask<Connection> ConnectAsync(SimulatedHost from, Loop loop, IpPort remote, ConnectOptions options)
    {
        var (target, port, original) = Route(from, remote, options.Mark);
        await HandshakeAsync(from, target, remote, options.Timeout);
        if (target!.ListenerOn(port) is not { } listener)
            throw new ConnectionBrokenException(BreakKind.ConnectFailed, $"connection to {remote} refused", errno: 111);
        var client = new IpPort(options.Source?.Address ?? from.Address, from.EphemeralPort());
        var link = new SimulatedLink(this, from, target, loop, listener.Loops[random.Next(listener.Loops.Count)], client, remote, original is null ? remote : listener.Address);
        link.Server.OriginalDestination = original;
        links.Add(link);
        link.Start(listener, () => links.Remove(link));
        return link.Client;
    }

    /// <summary>Waits as long as a piece takes from one machine to the other.</summary>
    /// <exception cref="ConnectionBrokenException">The link failed while it was on its way.</exception>
    internal async Task CarryAsync(string from, string to)
    {
        if (from == to)
        {
            await Task.Delay(TimeSpan.FromTicks(random.Next(10, 500)), Time);
            return;
        }
        await Task.Delay(Faults.LeastLatency + (Faults.MostLatency - Faults.LeastLatency) * random.NextDouble(), Time);
        if (random.NextDouble() < Faults.ResetProbability) throw new ConnectionBrokenException(BreakKind.Reset, "the network lost the connection");
        if (!await ReachableAsync(from, to, GiveUp)) throw new ConnectionBrokenException(BreakKind.Reset, $"no acknowledgment within {GiveUp}", errno: 110);
    }

    /// <summary>How much of what is written goes in one piece. Control traffic carries certificates, whose length differs from run to run:
    /// it is not split, so that the same seed gives the same run.</summary>
    internal int PieceBytes(IpPort destination) =>
        !Faults.SplitWrites || destination.Port == SimulatedController.Port ? int.MaxValue : random.Next(4) == 0 ? random.Next(1, 100) : random.Next(100, 20_000);

    internal void Inspect(SimulatedHost from, SimulatedHost to, IpPort destination, in ReadOnlySequence<byte> piece)
    {
        if (from.Machine != to.Machine) OnWire?.Invoke(from.Machine, to.Machine, destination, piece);
    }

    internal SimulatedHost? HostAt(Ip address) => hosts.Find(host => host.Address == address);

    internal bool DrawLoss(string from, string to) => from != to && random.NextDouble() < Faults.ConnectLossProbability;

    internal bool IsReachable(string from, string to) => from == to && !vanished.Contains(from)
        || !vanished.Contains(from) && !vanished.Contains(to) && !partitions.Contains(Pair(from, to));

    private async Task HandshakeAsync(SimulatedHost from, SimulatedHost? target, IpPort remote, TimeSpan timeout)
    {
        bool reached = target is not null && !DrawLoss(from.Machine, target.Machine) && await ReachableAsync(from.Machine, target.Machine, timeout);
        if (!reached)
        {
            if (target is null || IsReachable(from.Machine, target.Machine)) await Task.Delay(timeout, Time);
            throw new ConnectionBrokenException(BreakKind.ConnectFailed, $"no answer from {remote} within {timeout}", errno: 110);
        }
        await Task.Delay(from.Machine == target!.Machine ? TimeSpan.FromTicks(100) : 2 * Faults.LeastLatency, Time);
    }

    private async Task<bool> ReachableAsync(string from, string to, TimeSpan within)
    {
        for (var waited = TimeSpan.Zero; !IsReachable(from, to); waited += Retransmission)
        {
            if (waited >= within) return false;
            await Task.Delay(Retransmission, Time);
        }
        return true;
    }

    private (SimulatedHost? Host, ushort Port, IpPort? Original) Route(SimulatedHost from, IpPort remote, int mark)
    {
        if (from.IsEnrolled && mark == 0) return (from, OutboundPort, remote);
        var target = remote.Address.IsLoopback ? from : HostAt(remote.Address);
        if (target is null || target == from || !target.IsEnrolled || remote.Port == TunnelPort) return (target, remote.Port, null);
        return (target, InboundPort, remote);
    }

    private static (string, string) Pair(string a, string b) => string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a);
}
