using System.Net;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Mesh.Protocol.Config;
using Mesh.Resources.Kinds;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

internal static class ServiceCompiler
{
    public static void Compile(CompileContext context)
    {
        context.Begin(TypeUrls.Service);
        var services = context.Resources.OfKind("Service").ToList();
        var addresses = new VirtualAddresses(services.Where(NeedsAddress), context.Options);
        foreach (var service in services)
        {
            var spec = service.SpecAs(SpecJson.Default.ServiceSpec);
            var assigned = NeedsAddress(service) ? addresses.Of(service) : Given(spec);
            context.Emit(TypeUrls.Service, service.Key.Path, Message(service, spec, assigned, context.Options));
            if (NeedsAddress(service))
                context.SetStatus(service, new JsonObject { ["virtualAddresses"] = new JsonArray([.. assigned.Select(address => JsonValue.Create(address.ToString()))]) });
        }
    }

    private static bool NeedsAddress(Resource service) => string.IsNullOrEmpty(service.SpecAs(SpecJson.Default.ServiceSpec).ClusterIP);

    private static IReadOnlyList<IPAddress> Given(ServiceSpec spec) => spec.Headless ? []
        : [.. spec.ClusterIPs.Prepend(spec.ClusterIP!).Where(text => text is not ("" or "None")).Distinct().Select(IPAddress.Parse)];

    private static Service Message(Resource service, ServiceSpec spec, IReadOnlyList<IPAddress> addresses, CompileOptions options)
    {
        var message = new Service { Namespace = service.Namespace, Name = service.Name };
        message.Hostnames.AddRange(options.HostnameSuffixes.Select(suffix => $"{service.Name}.{service.Namespace}.{suffix}"));
        message.Addresses.AddRange(addresses.Select(address => ByteString.CopyFrom(address.GetAddressBytes())));
        message.Ports.AddRange(spec.Ports.OrderBy(port => port.Port).Select(port => new ServicePort
        {
            Name = port.Name ?? "",
            Port = (uint)port.Port,
            AppProtocol = AppProtocols.Of(port.AppProtocol, port.Name),
        }));
        return message;
    }
}
