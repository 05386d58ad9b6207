using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Families;

/// <summary>Clients and servers with addresses of one family or both, through the whole mesh from one machine to the other.</summary>
[Collection(FamilyLab.Collection)]
public sealed class AddressFamilyTests(FamilyLab lab)
{
    [Theory]
    [InlineData("client-v6", "server-v6", "", true)]
    [InlineData("client-v6", "server-both", "", true)]
    [InlineData("client-v4", "server-v4", "", false)]
    [InlineData("client-v4", "server-both", "", false)]
    [InlineData("client-both", "server-v4", "-4", false)]
    [InlineData("client-both", "server-v6", "-6", true)]
    [InlineData("client-both", "server-both", "-4", false)]
    public async Task Application_answers_and_sees_the_client_by_its_own_address(string client, string server, string family, bool seesV6)
    {
        foreach (int port in (int[])[80, 81])
        {
            var answer = await GetAsync(client, server, family, port);
            Assert.True(answer.Ok, $"port {port}: {answer}");
            Assert.Equal(lab[client].Addresses.Single(address => address.Contains(':') == seesV6), answer.Output);
        }
    }

    [Theory]
    [InlineData("client-both", "server-v4", "-6")]
    [InlineData("client-both", "server-v6", "-4")]
    [InlineData("client-both", "server-both", "-6")]
    [InlineData("client-v6", "server-v4", "")]
    [InlineData("client-v4", "server-v6", "")]
    [InlineData("near-v6", "server-v4", "")]
    [InlineData("near-v4", "server-v6", "")]
    public async Task Client_of_one_family_reaches_a_server_of_the_other(string client, string server, string family)
    {
        foreach (int port in (int[])[80, 81])
        {
            var answer = await GetAsync(client, server, family, port);
            Assert.True(answer.Ok && answer.Output.Length > 0, $"port {port}: {answer}");
        }
    }

    [Theory]
    [InlineData("client-v6", "server-v6")]
    [InlineData("client-both", "server-both")]
    public async Task Address_of_a_workload_is_reached_without_a_service(string client, string server)
    {
        var answer = await lab[client].Space.RunAsync($"curl -gsS --max-time 5 http://[{lab[server].Addresses[^1]}]:8080/");
        Assert.True(answer.Ok, answer.ToString());
        Assert.Equal(lab[client].Addresses[^1], answer.Output);
    }

    /// <summary>Until the client's machine knows the server.</summary>
    private async Task<ShellResult> GetAsync(string client, string server, string family, int port)
    {
        string[] command = ["curl", "-fsS", "--max-time", "5", .. family.Split(' ', StringSplitOptions.RemoveEmptyEntries), $"http://{server}.shop.mesh:{port}/"];
        ShellResult answer = null!;
        await Until.TrueAsync($"{client} reaches {server} on {port}", TimeSpan.FromSeconds(10), async () => (answer = await lab[client].Space.RunAsync(command)).Ok, () => answer.ToString());
        return answer;
    }
}
