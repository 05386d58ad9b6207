using Google.Protobuf;
using Mesh.Protocol.Config;

namespace Mesh.Control.Translation;

/// <summary>Whether one resource can be carried out here: a node refuses alone what its controller should not have sent
/// (a newer controller, a bad pattern), and everything else stays in force.</summary>
public static class ResourceChecks
{
    /// <returns>Null, or why not.</returns>
    public static string? Check(string typeUrl, string name, IMessage message)
    {
        try
        {
            string own = CheckContent(message);
            return own == name ? null : $"{ConfigTypes.NameOf(typeUrl)} cannot be carried out: it came as '{name}' and calls itself '{own}'";
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException or OverflowException or NotSupportedException)
        {
            return $"{ConfigTypes.NameOf(typeUrl)} cannot be carried out: {error.Message}";
        }
    }

    /// <returns>"namespace/name" as the message says.</returns>
    private static string CheckContent(IMessage message)
    {
        switch (message)
        {
            case Workload workload:
                WorkloadTranslator.Check(workload);
                return $"{workload.Namespace}/{workload.Name}";
            case Service service:
                ServiceTranslator.Check(service);
                return $"{service.Namespace}/{service.Name}";
            case HttpRoute route:
                RouteTranslator.Check(route);
                return $"{route.Namespace}/{route.Name}";
            case GrpcRoute route:
                RouteTranslator.Check(route);
                return $"{route.Namespace}/{route.Name}";
            case TcpRoute route:
                RouteTranslator.Check(route);
                return $"{route.Namespace}/{route.Name}";
            case TlsRoute route:
                RouteTranslator.Check(route);
                return $"{route.Namespace}/{route.Name}";
            case Gateway gateway:
                GatewayTranslator.Check(gateway);
                return $"{gateway.Namespace}/{gateway.Name}";
            case AccessPolicy policy:
                PolicyTranslator.Check(policy);
                return $"{policy.Namespace}/{policy.Name}";
            case MtlsPolicy policy:
                PolicyTranslator.Check(policy);
                return $"{policy.Namespace}/{policy.Name}";
            case TrafficPolicy policy:
                TrafficTranslator.Check(policy);
                return $"{policy.Namespace}/{policy.Name}";
            case TelemetryPolicy policy:
                TelemetryTranslator.Check(policy);
                return $"{policy.Namespace}/{policy.Name}";
            default:
                throw new InvalidOperationException($"no translation for {message.Descriptor.FullName}");
        }
    }
}
