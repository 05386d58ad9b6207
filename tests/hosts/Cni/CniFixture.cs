using System.Text.Json.Nodes;
using Mesh.Capture;
using Mesh.Capture.Namespaces;
using Mesh.Capture.NodeSocket;
using Mesh.Kit.Namespaces;

namespace Mesh.Tests.Hosts.Cni;

/// <summary>A machine (a namespace, in which reference plugins make their bridge), a workload namespace, and the part of the daemon that serves the node socket.</summary>
internal sealed class CniFixture : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mesh-cni-test-").FullName;
    private CaptureManager? manager;
    private NodeSocketServer? server;

    internal TestNamespace Workload { get; } = new("cni-wl");

    internal RecordingHost Host { get; private set; } = new();

    internal CaptureManager Manager => manager!;

    internal string NodeSocket => Path.Combine(folder, "node.sock");

    internal string StateDirectory => Path.Combine(folder, "state");

    internal async Task StartDaemonAsync()
    {
        var config = new CaptureConfig { StateDirectory = StateDirectory, NodeSocket = NodeSocket };
        manager = new(config, Host, static network => new NamespaceSocketFactory(network), CaptureEvents.None, TimeProvider.System, new Random(1));
        await manager.StartAsync();
        server = new(config, manager, CaptureEvents.None);
    }

    /// <summary>What SIGKILL does as far as others can see: sockets are gone, nothing was tidied up.</summary>
    internal async Task KillDaemonAsync()
    {
        server?.Dispose();
        Host.Dispose();
        await manager!.DisposeAsync();
        (server, manager, Host) = (null, null, new RecordingHost());
    }

    /// <summary>ptp with host-local, then mesh-cni: the chain of the field, without a bridge that outlives the test.</summary>
    internal CniRuntime Runtime(string version = "1.0.0", string containerId = "c1", TestNamespace? workload = null, Action<JsonObject>? mesh = null)
    {
        var plugin = new JsonObject { ["type"] = "mesh-cni", ["nodeSocket"] = NodeSocket, ["timeout"] = "3s" };
        mesh?.Invoke(plugin);
        var list = new JsonObject
        {
            ["cniVersion"] = version,
            ["name"] = "mesh-test",
            ["plugins"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "ptp",
                    ["cniVersion"] = version == "1.1.0" ? "1.0.0" : version, // Debian's reference plugins stop at 1.0.0
                    ["ipam"] = new JsonObject
                    {
                        ["type"] = "host-local",
                        ["dataDir"] = Path.Combine(folder, "ipam"),
                        ["ranges"] = JsonNode.Parse("""[[{"subnet":"10.92.0.0/24"}],[{"subnet":"fd92::/64"}]]"""),
                        ["routes"] = JsonNode.Parse("""[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]"""),
                    },
                    ["dns"] = JsonNode.Parse("""{"nameservers":["10.92.0.53"]}"""),
                },
                plugin),
        };
        return new(list, containerId, (workload ?? Workload).Path);
    }

    public void Dispose()
    {
        server?.Dispose();
        Host.Dispose();
        manager?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Workload.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
