using System.Text;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Policy;
using Mesh.Proxy.Routing;
using Mesh.Tests.Unit.Proxy;

namespace Mesh.Tests.Unit.Translation;

/// <summary>All that a snapshot says, as text. Policies and routes are told by how they decide.</summary>
internal static class SnapshotText
{
    public static string Of(Snapshot snapshot)
    {
        var text = new StringBuilder().AppendLine(snapshot.TrustDomain).AppendLine(Telemetry(snapshot.Telemetry));
        foreach (var service in snapshot.ServicesByKey.Values.OrderBy(static s => s.Key, StringComparer.Ordinal))
        {
            text.AppendLine($"service {service.Key} {service.Namespace} {service.Name} {string.Join(',', service.Hostnames)} {string.Join(',', service.Addresses)}");
            foreach (var port in service.Ports) Write(text, port);
        }
        foreach (var workload in snapshot.WorkloadsByUid.Values.OrderBy(static w => w.Uid, StringComparer.Ordinal)) Write(text, workload);
        for (int i = 0; i < 6; i++)
        {
            text.AppendLine($"10.1.0.{i} {snapshot.WorkloadsByAddress.GetValueOrDefault(Ip.Parse($"10.1.0.{i}"))?.Uid}");
            text.AppendLine($"10.2.0.{i} {snapshot.ServicesByAddress.GetValueOrDefault(Ip.Parse($"10.2.0.{i}"))?.Key}");
            text.AppendLine($"host{i} {snapshot.ServicesByHost.GetValueOrDefault($"host{i}")?.Key}");
        }
        foreach (var gateway in snapshot.Gateways)
        {
            text.AppendLine($"gateway {gateway.Key} {string.Join(',', gateway.Addresses)} {Telemetry(gateway.Telemetry)}");
            foreach (var listener in gateway.Listeners)
                text.AppendLine($"  {listener.Name} {listener.Port} {listener.Protocol} {Routes(listener.HttpRoutes)} {Backends(listener.TcpBackends)} {TlsRoutes(listener.TlsRoutes)} {string.Join(',', listener.ProxyProtocolFrom)}");
        }
        return text.ToString();
    }

    /// <summary>Everything that can be found in a snapshot is the same object wherever it is found.</summary>
    public static void AssertConsistent(Snapshot snapshot)
    {
        foreach (var service in snapshot.ServicesByAddress.Values.Concat(snapshot.ServicesByHost.Values)) Assert.Same(snapshot.ServicesByKey[service.Key], service);
        foreach (var workload in snapshot.WorkloadsByAddress.Values) Assert.Same(snapshot.WorkloadsByUid[workload.Uid], workload);
        foreach (var endpoint in snapshot.ServicesByKey.Values.SelectMany(static s => s.Ports).SelectMany(static p => p.Endpoints))
            Assert.Same(snapshot.WorkloadsByUid[endpoint.Workload.Uid], endpoint.Workload);
    }

    private static string Telemetry(TelemetryModel model) =>
        $"{model.AccessLog.Format} {model.AccessLog.Sampling} {model.AccessLog.LogErrors} {model.Tracing.Enabled} {model.Tracing.Sampling}";

    private static void Write(StringBuilder text, ServicePortModel port)
    {
        text.AppendLine($"  {port.Port} {port.ServiceKey} {port.ServiceName} {port.ServiceNamespace} {port.Hostname} {port.PortName} {port.Protocol}");
        text.AppendLine($"    {port.Balancer.GetType().Name} {port.Traffic} {Routes(port.HttpRoutes)} {Backends(port.TcpBackends)} {TlsRoutes(port.TlsRoutes)}");
        foreach (var endpoint in port.Endpoints) text.AppendLine($"    {endpoint.Workload.Uid} {endpoint.Target} {endpoint.Weight}");
    }

    private static void Write(StringBuilder text, WorkloadModel workload)
    {
        text.AppendLine($"workload {workload.Uid} {workload.Namespace} {workload.Name} {workload.Identity} {string.Join<Ip>(',', workload.Addresses)} "
            + $"{workload.Node} {workload.Tunnel} {workload.TunnelPort} {workload.Healthy} {Telemetry(workload.Telemetry)}");
        foreach (var port in workload.Ports.OrderBy(static p => p.Key)) text.AppendLine($"  {port.Key} {port.Value}");
        foreach (string space in (string[])["a", "b"])
        {
            foreach (int port in (int[])[80, 81, 82])
            {
                var known = new AccessQuestion(new SpiffeId("t", space, "x"), Ip.LoopbackV4, port, null, false);
                text.AppendLine($"  {space} {port} {workload.Policy.Decide(known)} {workload.Policy.Mtls.Name} {workload.Policy.Mtls.IsStrict(port)}");
            }
        }
    }

    private static string Routes(HttpRouteTable? routes) => routes is null ? "-"
        : string.Join(',', Enumerable.Range(0, 8).Select(i => routes.Match(Requests.Request(i < 4 ? $"/{i}" : $"/{i - 4}/m", method: i < 4 ? "GET" : "POST"))).Select(static rule => $"{rule?.RouteKey}>{Backends(rule?.Backends ?? [])}"));

    private static string TlsRoutes(TlsRouteTable? routes) => routes is null ? "-"
        : string.Join(',', ((string[])["", "host0", "host1"]).Select(name => routes.Match(Encoding.ASCII.GetBytes(name))).Select(static rule => $"{rule?.RouteKey}>{Backends(rule?.Backends ?? [])}"));

    private static string Backends(BackendModel[] backends) => string.Join(',', backends.Select(static b => $"{b.ServiceKey}:{b.Port}*{b.Weight}"));
}
