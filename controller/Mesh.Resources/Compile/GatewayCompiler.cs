using System.Net;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Mesh.Protocol.Config;
using Mesh.Resources.Kinds;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

internal static class GatewayCompiler
{
    private const string nodeAnnotation = "mesh.internal/node";

    public static void Compile(CompileContext context)
    {
        context.Begin(TypeUrls.Gateway);
        foreach (var gateway in context.Resources.OfKind("Gateway"))
        {
            var spec = gateway.SpecAs(SpecJson.Default.GatewaySpec);
            if (spec.GatewayClassName != GatewayKind.OwnClass)
                continue;

            context.Emit(TypeUrls.Gateway, gateway.Key.Path, Message(gateway, spec));
            context.SetStatus(gateway, new JsonObject
            {
                ["conditions"] = new JsonArray(Conditions.Make("Accepted", true, "Accepted", "given to the nodes", gateway.Generation)),
            });
        }
    }

    private static Gateway Message(Resource gateway, GatewaySpec spec)
    {
        var message = new Gateway { Namespace = gateway.Namespace, Name = gateway.Name, Node = gateway.Annotations.GetValueOrDefault(nodeAnnotation, "") };
        message.Addresses.AddRange(spec.Addresses.Select(address => ByteString.CopyFrom(IPAddress.Parse(address.Value).GetAddressBytes())));
        message.Listeners.AddRange(spec.Listeners.Select(listener => new GatewayListener
        {
            Name = listener.Name,
            Port = (uint)listener.Port,
            Protocol = listener.Protocol switch
            {
                "TCP" => GatewayListener.Types.Protocol.Tcp,
                "TLS" => GatewayListener.Types.Protocol.Tls,
                _ => GatewayListener.Types.Protocol.Http,
            },
            Hostname = listener.Hostname ?? "",
        }));
        return message;
    }
}
