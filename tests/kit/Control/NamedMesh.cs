using Google.Protobuf;
using Mesh.Control.Translation;
using Mesh.Io;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Wire = Mesh.Protocol.Config;

namespace Mesh.Kit.Control;

/// <summary>A mesh with a name of each sort: catalog.shop.mesh has an IPv4 address, dual.shop.mesh one of each family, cache.shop.mesh none, and the
/// workloads cache-0 and cache-1 behind it; api.shop.svc.cluster.local is of a domain that is not the mesh's alone.</summary>
public static class NamedMesh
{
    public static SnapshotHolder Make(int more = 0)
    {
        var holder = new SnapshotHolder();
        List<IMessage> resources =
        [
            Service("catalog", "catalog.shop.mesh", ["240.240.0.1"], ("http", 80), ("grpc", 9000)),
            Service("dual", "dual.shop.mesh", ["240.240.0.2", "fd00:240:240::2"], ("", 80)),
            Service("cache", "cache.shop.mesh", [], ("redis", 6379)),
            Service("api", "api.shop.svc.cluster.local", ["10.96.0.7"], ("http", 80)),
            Workload("cache-0", ["10.1.0.1", "fd10::1"]),
            Workload("cache-1", ["10.1.0.2"]),
        ];
        for (int i = 0; i < more; i++) resources.Add(Workload($"more-{i}", [$"10.2.{i / 250}.{i % 250 + 1}"]));
        holder.Publish(new SnapshotTranslator(1, new Random(1)).Apply([.. resources.Select(ConfigChanges.Of)], "cluster.local"));
        return holder;
    }

    private static Service Service(string name, string host, string[] addresses, params (string Name, uint Port)[] ports)
    {
        var service = new Service { Namespace = "shop", Name = name, Hostnames = { host } };
        service.Addresses.AddRange(addresses.Select(Bytes));
        service.Ports.AddRange(ports.Select(static port => new ServicePort { Name = port.Name, Port = port.Port }));
        return service;
    }

    private static Wire.Workload Workload(string name, string[] addresses)
    {
        var workload = new Wire.Workload { Namespace = "shop", Name = name, ServiceAccount = "cache", Weight = 1, Health = Wire.Health.Healthy, TunnelPort = 15008 };
        workload.Addresses.AddRange(addresses.Select(Bytes));
        workload.Services["shop/cache"] = new ServicePorts { Ports = { new PortMapping { ServicePort = 6379, TargetPort = 7000 } } };
        return workload;
    }

    private static ByteString Bytes(string address) => ByteString.CopyFrom(Ip.Parse(address).ToBytes());
}
