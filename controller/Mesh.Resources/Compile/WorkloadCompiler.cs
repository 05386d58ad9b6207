using System.Net;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Mesh.Protocol.Config;
using Mesh.Resources.Schema;
using Mesh.Resources.Specs;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

internal static class WorkloadCompiler
{
    public static void Compile(CompileContext context)
    {
        context.Begin(TypeUrls.Workload);
        var workloads = context.Resources.OfKind("Workload").ToList();
        var services = ServicesByWorkload(context, workloads);
        foreach (var workload in workloads)
            context.Emit(TypeUrls.Workload, workload.Key.Path, Message(context, workload, services.GetValueOrDefault(workload.Key, [])));

        ReportSharedAddresses(context, workloads);
    }

    /// <summary>Workloads that changed, and those that a changed Service selects or selected.</summary>
    /// <param name="services">Of the new resources.</param>
    public static void Compile(CompileContext context, ResourceSet before, IReadOnlySet<ResourceKey> changed, SelectorIndex services)
    {
        var keys = changed.Where(key => key.Kind == "Workload").ToHashSet();
        keys.UnionWith(Selected(context, [.. changed.Where(key => key.Kind == "Service").SelectMany(key => Differing(before.Find(key), context.Resources.Find(key)))]));
        foreach (var key in keys)
        {
            if (context.Resources.Find(key) is { } workload)
                context.Emit(TypeUrls.Workload, key.Path, Message(context, workload, services.Selecting(workload)));
            else
                context.Remove(TypeUrls.Workload, key.Path);
        }
    }

    /// <summary>Both versions of a Service, as far as there are; none when they mean the same for workloads, as after a change of its status.</summary>
    private static IEnumerable<Resource> Differing(Resource? before, Resource? after) =>
        before is not null && after is not null && JsonNode.DeepEquals(before.Spec, after.Spec) ? []
            : new[] { before, after }.OfType<Resource>();

    /// <summary>Workloads that any of the Services selects: one walk, however many they are.</summary>
    private static IEnumerable<ResourceKey> Selected(CompileContext context, IReadOnlyList<Resource> services)
    {
        if (services.Count == 0)
            return [];

        var index = new SelectorIndex(services);
        return context.Resources.OfKind("Workload").Where(workload => index.Selecting(workload).Count > 0).Select(workload => workload.Key);
    }

    /// <summary>The Services in front of each workload, in order of their names.</summary>
    private static Dictionary<ResourceKey, List<Resource>> ServicesByWorkload(CompileContext context, IReadOnlyList<Resource> workloads)
    {
        var index = new LabelIndex(workloads);
        Dictionary<ResourceKey, List<Resource>> result = [];
        foreach (var service in context.Resources.OfKind("Service"))
        {
            if (service.SpecAs(SpecJson.Default.ServiceSpec).Selector is not { Count: > 0 } selector)
                continue;

            foreach (var workload in index.Matching(service.Namespace, selector))
            {
                if (!result.TryGetValue(workload.Key, out var services))
                    result[workload.Key] = services = [];
                services.Add(service);
            }
        }

        return result;
    }

    private static Workload Message(CompileContext context, Resource workload, IReadOnlyList<Resource> services)
    {
        var spec = workload.SpecAs(SpecJson.Default.WorkloadSpec);
        var message = new Workload
        {
            Namespace = workload.Namespace,
            Name = workload.Name,
            Node = spec.Node ?? "",
            ServiceAccount = spec.ServiceAccount,
            TrustDomain = context.Options.TrustDomain,
            Tunnel = spec.Tunnel switch { "Direct" => Tunnel.Direct, "None" => Tunnel.None, _ => Tunnel.Hbone },
            Weight = spec.Weight,
            Health = workload.Status?["health"]?.ToString() == "Unhealthy" ? Health.Unhealthy : Health.Healthy,
            TunnelPort = spec.TunnelPort,
            Locality = LocalityOf(context, spec),
        };
        message.Addresses.AddRange(spec.Addresses.Select(address => ByteString.CopyFrom(IPAddress.Parse(address).GetAddressBytes())));
        foreach (var (key, value) in workload.Labels.OrderBy(label => label.Key, StringComparer.Ordinal))
            message.Labels.Add(key, value);
        foreach (var service in services)
            message.Services.Add(service.Key.Path, Ports(service.SpecAs(SpecJson.Default.ServiceSpec), spec));

        return message;
    }

    private static Locality? LocalityOf(CompileContext context, WorkloadSpec spec)
    {
        var node = spec.Node is null ? null : context.Resources.Find(new ResourceKey(Kinds.Groups.Mesh, "Node", "", spec.Node));
        var locality = spec.Locality ?? node?.SpecAs(SpecJson.Default.NodeSpec).Locality;
        return locality is null ? null : new Locality { Region = locality.Region ?? "", Zone = locality.Zone ?? "", Subzone = locality.Subzone ?? "" };
    }

    /// <summary>A named target port that the workload lacks leaves that service port out: the workload does not serve it.</summary>
    private static ServicePorts Ports(ServiceSpec service, WorkloadSpec workload)
    {
        var result = new ServicePorts();
        foreach (var port in service.Ports.OrderBy(port => port.Port))
        {
            if (TargetPort(port, workload) is { } target)
                result.Ports.Add(new PortMapping { ServicePort = (uint)port.Port, TargetPort = (uint)target });
        }

        return result;
    }

    private static long? TargetPort(ServicePortSpec port, WorkloadSpec workload) => port.TargetPort switch
    {
        null => port.Port,
        JsonValue value when JsonNumbers.TryInteger(value, out var number) => number,
        var name => workload.Ports.TryGetValue(name.ToString(), out var number) ? number : null,
    };

    // Identity is chosen by destination address, so two workloads of the mesh at one address cannot both be reached.
    private static void ReportSharedAddresses(CompileContext context, IReadOnlyList<Resource> workloads)
    {
        Dictionary<string, Resource> owners = [];
        foreach (var workload in workloads)
        {
            var spec = workload.SpecAs(SpecJson.Default.WorkloadSpec);
            if (spec.Tunnel == "None")
                continue;

            for (var i = 0; i < spec.Addresses.Count; i++)
            {
                if (!owners.TryAdd(spec.Addresses[i], workload))
                    context.Problem(workload, $"spec.addresses[{i}]", ErrorReason.Duplicate, $"{spec.Addresses[i]} is also the address of {owners[spec.Addresses[i]]}");
            }
        }
    }
}
