using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Systemd;

/// <summary>The package and its units in a real systemd: one boot, one story.</summary>
public sealed class UnitTests
{
    // WatchdogSec is ten seconds; after it the process is aborted and, half a second later, started again.
    private static readonly TimeSpan watchdogBound = TimeSpan.FromSeconds(45);
    private const string Kubeconfig = "/var/lib/mesh/controller/admin.kubeconfig";

    [Fact]
    public async Task Services_of_the_package_become_ready_are_watched_log_and_stop()
    {
        (await Shell.RunAsync([Path.Combine(Repository.Root, "packaging/deb/build")], bound: TimeSpan.FromMinutes(3))).Must();
        await using var system = await BootedSystem.StartAsync(Repository.Root);
        await ScriptAsync(system, "dpkg -i /repository/dist/mesh_*_amd64.deb");

        await StartsAsync(system, "mesh-controller");
        await JoinAsync(system);
        await StartsAsync(system, "meshd");
        await WorkersComeFirstAsync(system);

        await WatchdogRestartsAsync(system, "mesh-controller");
        await WatchdogRestartsAsync(system, "meshd");

        foreach (string unit in new[] { "meshd", "mesh-controller" })
        {
            string journal = await system.MustAsync($"journalctl -o cat _SYSTEMD_UNIT={unit}.service");
            Assert.True(journal.Trim().Length > 0, $"{unit} wrote nothing to the journal");
            await system.MustAsync($"systemctl stop {unit}");
            Assert.Equal("success", await system.ShowAsync(unit, "Result"));
            Assert.Equal("inactive", await system.ShowAsync(unit, "ActiveState"));
        }
        Assert.Equal("700", (await system.MustAsync("stat -c %a /var/lib/mesh/controller")).Trim());
        Assert.Equal("600", (await system.MustAsync($"stat -c %a {Kubeconfig}")).Trim());
        await system.MustAsync("dpkg --purge mesh");
        Assert.False((await system.RunAsync("test -e /var/lib/mesh")).Ok, "purge leaves state behind");
    }

    private static async Task<string> ScriptAsync(BootedSystem system, string script) => (await system.RunAsync(["bash", "-c", script])).Must().Output;

    /// <summary>systemctl start returns when the unit has said that it is ready (Type=notify), or fails.</summary>
    private static async Task StartsAsync(BootedSystem system, string unit)
    {
        var start = await system.RunAsync($"systemctl start {unit}");
        Assert.True(start.Ok, $"{start}\n{(await system.RunAsync($"journalctl -o cat -u {unit}")).Output}");
        Assert.Equal("running", await system.ShowAsync(unit, "SubState"));
    }

    private static async Task JoinAsync(BootedSystem system)
    {
        await ScriptAsync(system, $"meshctl --kubeconfig {Kubeconfig} token create | tail -n 1 >/etc/mesh/join.token");
        await ScriptAsync(system, $"grep -o 'certificate-authority-data.*' {Kubeconfig} | sed 's/.*: *\"\\?\\([A-Za-z0-9+/=]*\\).*/\\1/' | base64 -d >/etc/mesh/ca.pem");
        await ScriptAsync(system, """
            cat >/etc/mesh/meshd.yaml <<END
            node: lab
            controller: https://127.0.0.1:15012
            trust: { caFile: /etc/mesh/ca.pem, joinTokenFile: /etc/mesh/join.token }
            log: { level: info, format: journal }
            END
            """);
    }

    /// <summary>A worker loop has the priority that the unit allows it (nice -5 is 115), and the shortest slice where the kernel knows slices.
    /// A systemd without CAP_SYS_RESOURCE, as in some containers, cannot allow more than it may itself.</summary>
    private static async Task WorkersComeFirstAsync(BootedSystem system)
    {
        Assert.Equal("25", await system.ShowAsync("meshd", "LimitNICE")); // 20 less nice
        string daemon = await system.ShowAsync("meshd", "MainPID");
        bool allowed = (await ScriptAsync(system, $"grep '^Max nice' /proc/{daemon}/limits")).Contains(" 25 ");
        string worker = await ScriptAsync(system, $"cat $(dirname $(grep -l '^worker-0$' /proc/{daemon}/task/*/comm))/sched");
        Assert.Matches($"(?m)^prio +: +{(allowed ? 115 : 120)}$", worker);
        if (worker.Contains("se.slice")) Assert.Matches(@"(?m)^se\.slice +: +100000$", worker);
    }

    private static async Task WatchdogRestartsAsync(BootedSystem system, string unit)
    {
        string before = await system.ShowAsync(unit, "MainPID");
        await system.MustAsync($"kill -STOP {before}");
        await Until.TrueAsync($"the watchdog restarts {unit}", watchdogBound, async () =>
            await system.ShowAsync(unit, "SubState") == "running" && await system.ShowAsync(unit, "MainPID") is var now && now != before && now != "0");
        Assert.Equal("1", await system.ShowAsync(unit, "NRestarts"));
    }
}
