using System.Globalization;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Simulation;

namespace Mesh.Tests.Simulation;

/// <summary>A controller and two nodes on a bad network, with restarts, from one seed: nothing unauthorized is forwarded and no plaintext
/// crosses a machine's border at any moment; when the faults end, the configuration converges and what is allowed works.
/// A failure names its seed; the same seed gives the same run.</summary>
public class BrokenMeshTests
{
    private const int Steps = 60;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Broken_mesh_stays_closed_and_heals(int seed)
    {
        var run = new Run(seed);
        run.Break();
        run.HealAndCheck();
    }

    [Fact]
    public void Same_seed_gives_the_same_run()
    {
        string[] traces = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            var run = new Run(99);
            run.Break();
            run.HealAndCheck();
            return run.Trace;
        })];
        Assert.Equal(traces[0], traces[1]);
    }

    [Fact]
    public void Peer_with_a_certificate_of_another_authority_is_refused()
    {
        var shop = Shop.Build(seed: 5);
        shop.Time.RunUntil(() => shop.Converged, TimeSpan.FromSeconds(60), "converged");
        var mesh = shop.Mesh;
        var loop = new TestLoop("rogue", 0, mesh.Time);
        var sockets = new SimulatedSocketFactory(mesh.Network, shop.Outsider.Host);
        using var rogue = new SimulatedTls(
            mesh.Time, "spiffe://mesh.test/ns/shop/sa/web", "another authority", [mesh.Controller.RootId], DateTimeOffset.MaxValue);
        var refused = loop.Run(async () =>
        {
            var transport = await sockets.ConnectAsync(loop, new IpPort(shop.LedgerApp.Host.Address, 15008), new ConnectOptions(TimeSpan.FromSeconds(5)));
            await using var secure = await rogue.ConnectAsync(transport, ["h2"], TimeSpan.FromSeconds(5));
            // Our own checks pass; it is the other side that must not talk to us.
            await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await secure.Input.ReadAsync());
            return true;
        });
        Assert.True(refused);
        Assert.Contains(mesh.Node("node-b").Traffic.Failures, failure => failure.Reason.Contains("unknown authority", StringComparison.Ordinal));
        shop.Check();
    }

    private sealed class Run
    {
        private readonly Shop shop;
        private readonly Random random;
        private readonly List<string> trace = [];
        private readonly int seed;
        private int requests;

        public Run(int seed)
        {
            (this.seed, random) = (seed, new Random(seed));
            shop = Shop.Build(seed);
            shop.Mesh.Network.Faults = new NetworkFaults { ResetProbability = 0.002, ConnectLossProbability = 0.05 };
        }

        public string Trace => string.Join('\n', trace.Concat(shop.Received.Select(request => request.ToString())));

        public void Break()
        {
            for (int step = 0; step < Steps; step++)
            {
                Note(Act());
                shop.Time.Advance(TimeSpan.FromMilliseconds(random.Next(1, 2000)));
                Check();
            }
        }

        public void HealAndCheck()
        {
            shop.Mesh.HealAll();
            shop.AllowWeb(true);
            shop.Time.RunUntil(() => shop.Converged, TimeSpan.FromMinutes(2), $"seed {seed}: every node has the newest configuration after healing");
            // Connections that were cut silently are noticed by keep-alive within thirty seconds, tunnels that are full of them too.
            shop.Time.Advance(TimeSpan.FromSeconds(60));
            Expect("ledger-1", shop.Web);
            Expect("ledger-1", shop.LocalWeb);
            Expect(null, shop.Intruder);
            shop.AllowWeb(false);
            shop.Time.RunUntil(() => shop.Converged, TimeSpan.FromSeconds(10), $"seed {seed}: the revocation arrives");
            Expect(null, shop.Web);
            Expect(null, shop.LocalWeb);
            Check();
        }

        private void Expect(string? answer, SimulatedApp client)
        {
            string? given = shop.Ask(client, Shop.Ledger, ++requests);
            Assert.True(given == answer, $"seed {seed}: {client.Name} got '{given}', expected '{answer}'\n{shop.Explain()}");
        }

        private string Act()
        {
            var mesh = shop.Mesh;
            switch (random.Next(14))
            {
                case 0:
                    bool allow = random.Next(2) == 0;
                    shop.AllowWeb(allow);
                    return $"web allowed: {allow}";
                case 1:
                    mesh.Network.Partition("node-a", "node-b");
                    return "node-a and node-b are parted";
                case 2:
                    mesh.Network.Partition("controller", random.Next(2) == 0 ? "node-a" : "node-b");
                    return "the controller is parted from a node";
                case 3 or 4:
                    mesh.Network.Heal();
                    return "the network heals";
                case 5:
                    if (mesh.Controller.IsRunning) mesh.Controller.Kill();
                    else mesh.Controller.Start();
                    return $"the controller runs: {mesh.Controller.IsRunning}";
                case 6:
                    var node = mesh.Node(random.Next(2) == 0 ? "node-a" : "node-b");
                    if (node.IsRunning) node.Kill();
                    else node.Start();
                    return $"{node.Name} runs: {node.IsRunning}";
                case 7:
                    return $"a connection is reset: {mesh.Network.ResetAny()}";
                default:
                    return SendSome();
            }
        }

        private string SendSome()
        {
            for (int i = random.Next(1, 6); i > 0; i--)
            {
                var client = random.Next(4) switch { 0 => shop.Web, 1 => shop.LocalWeb, 2 => shop.Intruder, _ => shop.Outsider };
                IpPort? direct = client == shop.Outsider || random.Next(4) == 0 ? new IpPort(shop.LedgerApp.Host.Address, Shop.AppPort) : null;
                _ = shop.Send(client, ++requests, direct);
            }
            return $"requests up to {requests}";
        }

        private void Check()
        {
            try
            {
                shop.Check();
            }
            catch (Exception violation)
            {
                throw new InvalidOperationException($"seed {seed}, last steps:\n{string.Join('\n', trace.TakeLast(10))}", violation);
            }
        }

        private void Note(string what) =>
            trace.Add(string.Create(CultureInfo.InvariantCulture, $"{shop.Time.Elapsed.TotalSeconds:0.000} {what}; received {shop.Received.Count}"));
    }
}
