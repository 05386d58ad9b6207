using Mesh.Io;
using Mesh.Kit.Simulation;

namespace Mesh.Tests.Simulation;

/// <summary>The smallest mesh, without faults: what must hold before anything is broken.</summary>
public class FirstMeshTests
{
    [Fact]
    public void Allowed_client_is_answered_through_the_tunnel_and_others_are_not()
    {
        var mesh = Shop.Build(seed: 1);
        mesh.Time.RunUntil(() => mesh.Converged, TimeSpan.FromSeconds(30), "converged");
        string? answer = mesh.Ask(mesh.Web, Shop.Ledger, 1);
        Assert.True(answer == "ledger-1", mesh.Explain());
        Assert.Null(mesh.Ask(mesh.Intruder, Shop.Ledger, 2));
        Assert.Null(mesh.Ask(mesh.Outsider, new IpPort(mesh.LedgerApp.Host.Address, Shop.AppPort), 3));
        Assert.Equal("ledger-1", mesh.Ask(mesh.LocalWeb, Shop.Ledger, 4));
        mesh.Check();
        Assert.Equal([1, 4], mesh.Received.Select(request => request.Number));
        Assert.True(mesh.Mesh.Wire.BytesSeen > 0);
    }
}
