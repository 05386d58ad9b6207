using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy;

/// <summary>How many connections to an application are kept for the next requests, and how long.</summary>
public sealed class KeptConnectionTests
{
    private const int Peak = 200;

    [Fact]
    public void As_many_are_kept_as_are_needed_at_once_and_what_a_peak_leaves_behind_goes_by_halves()
    {
        var machines = new TestMachines { Protocol = TestMachines.Wire.Http };
        machines.Enrol("a", "web", "10.0.1.1").Enrol("a", "cart", "10.0.2.1").Start();
        machines.Run(
            async () =>
            {
                var app = machines.Listen("cart");
                var clients = new Peer[Peak];
                for (int i = 0; i < Peak; i++) clients[i] = await machines.ConnectAsync("web", TestMachines.Cart);
                foreach (var client in clients) await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
                var servers = new Peer[Peak];
                for (int i = 0; i < Peak; i++) servers[i] = await app.AcceptAsync();
                await AnswerAsync(servers, clients);

                foreach (var client in clients) await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
                await AnswerAsync(servers, clients);
                Assert.Equal(Peak, app.Count);

                var ends = servers.Select(static server => server.ReadToEndAsync()).ToList();
                await machines.PassAsync(TimeSpan.FromSeconds(6));
                Assert.Equal(Peak, Open());
                await machines.PassAsync(TimeSpan.FromSeconds(5));
                Assert.Equal(132, Open());
                await machines.PassAsync(TimeSpan.FromSeconds(5));
                Assert.Equal(98, Open());
                await machines.PassAsync(TimeSpan.FromSeconds(30));
                Assert.Equal(64, Open());
                await machines.PassAsync(TimeSpan.FromSeconds(10));
                Assert.Equal(0, Open());

                int Open() => ends.Count(static end => !end.IsCompleted);
            },
            TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Request_that_makes_its_application_close_does_not_go_round_all_that_are_kept()
    {
        var machines = new TestMachines { Protocol = TestMachines.Wire.Http };
        machines.Enrol("a", "web", "10.0.1.1").Enrol("a", "cart", "10.0.2.1").Start();
        machines.Run(async () =>
        {
            const int kept = 10;
            var app = machines.Listen("cart");
            var clients = new Peer[kept];
            for (int i = 0; i < kept; i++) clients[i] = await machines.ConnectAsync("web", TestMachines.Cart);
            foreach (var client in clients) await client.SendAsync("GET / HTTP/1.1\r\nHost: cart\r\n\r\n");
            var servers = new Peer[kept];
            for (int i = 0; i < kept; i++) servers[i] = await app.AcceptAsync();
            await AnswerAsync(servers, clients);
            int tried = 0;
            var ends = servers.Select(CloseAtNextAsync).ToList();
            await clients[0].SendAsync("GET /poison HTTP/1.1\r\nHost: cart\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 503 ", await clients[0].ReadHeadAsync());
            Assert.Equal((4, kept), (tried, app.Count));

            async Task CloseAtNextAsync(Peer server)
            {
                await server.ReadHeadAsync();
                tried++;
                await server.FinishAsync();
            }
        });
    }

    private static async Task AnswerAsync(IEnumerable<Peer> servers, IEnumerable<Peer> clients)
    {
        foreach (var server in servers)
        {
            await server.ReadHeadAsync();
            await server.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        }
        foreach (var client in clients) await client.ReadHeadAsync();
    }
}
