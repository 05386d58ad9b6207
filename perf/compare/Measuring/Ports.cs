using Mesh.Compare.Candidates;

namespace Mesh.Compare.Measuring;

/// <summary>Enough ports for a new connection with every request, in the namespaces of load and candidates: the whole range, and those that wait
/// after their end may be used again. The same for everyone.</summary>
internal static class Ports
{
    private static readonly string[] limits =
    [
        "net.ipv4.ip_local_port_range=10240 65535",
        "net.ipv4.ip_local_reserved_ports=15000-15099", // of a meshd that starts while others already have connections
        "net.ipv4.tcp_tw_reuse=1",
    ];

    public static async Task WidenAsync(Candidate candidate)
    {
        string[] set = ["sysctl", "-q", "-w", .. limits];
        (await candidate.From.RunAsync(set)).Must();
        foreach (int process in candidate.Ids)
            (await Kit.Machines.Shell.RunAsync(["nsenter", $"--net=/proc/{process}/ns/net", .. set])).Must();
    }
}
