using Mesh.Kit.Proxy;
using Mesh.Protocol.Config;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>The ways that bytes take from a client to an application.</summary>
public enum Way
{
    SameNode,
    Hbone,
    Direct,
    Gateway,
}

/// <summary>Runs a test over one of them. The gateway has real sockets, the others simulated ones on virtual time.</summary>
internal static class Ways
{
    public static TheoryData<Way> All => [.. Enum.GetValues<Way>()];

    /// <param name="test">Gets the client, the application's end once it is accepted, and how to wait for the record of the client's side.</param>
    /// <param name="policy">On shop/cart or test/s0, which is the same service.</param>
    public static Task RunAsync(Way way, Func<Peer, Func<Task<Peer>>, Func<Task<TrafficRecord>>, Task> test, Action<TrafficPolicy>? policy = null) =>
        RunAsync(way, TestMachines.Wire.Tcp, test, policy);

    /// <param name="wire">What the application's port is declared as. A gateway's listener is of the same layer.</param>
    public static async Task RunAsync(
        Way way, TestMachines.Wire wire, Func<Peer, Func<Task<Peer>>, Func<Task<TrafficRecord>>, Task> test, Action<TrafficPolicy>? policy = null)
    {
        if (way == Way.Gateway)
        {
            await using var gateway = new TestGateway();
            var app = gateway.App();
            if (policy is not null) gateway.With(Policy("test", "test/s0", policy));
            gateway.StartFor(wire, app.Address);
            await gateway.RunAsync(async () => await test(await gateway.ConnectAsync(), app.AcceptAsync, () => gateway.RecordAsync()));
            return;
        }
        var machines = new TestMachines { Protocol = wire, Tunnel = way == Way.Hbone ? Tunnel.Hbone : Tunnel.Direct };
        machines.Enrol("a", "web", "10.0.1.1").Enrol(way == Way.SameNode ? "a" : "b", "cart", "10.0.2.1");
        if (policy is not null) machines.With(Policy("shop", "shop/cart", policy));
        machines.Start();
        machines.Run(async () =>
        {
            var app = machines.Listen("cart");
            await test(await machines.ConnectAsync("web", TestMachines.Cart), app.AcceptAsync, () => machines.RecordAsync("a"));
        }, within: TimeSpan.FromHours(1));
    }

    private static TrafficPolicy Policy(string space, string service, Action<TrafficPolicy> edit)
    {
        var policy = new TrafficPolicy { Namespace = space, Name = "p", Targets = { new Target { Service = service } } };
        edit(policy);
        return policy;
    }
}
