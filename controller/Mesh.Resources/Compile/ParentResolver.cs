using Mesh.Protocol.Config;
using Mesh.Resources.Kinds;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

/// <summary>Attaches a route to a Service or to the listeners of a Gateway, by the rules of Gateway API.</summary>
internal static class ParentResolver
{
    public static Attachment Attach(CompileContext context, Resource route, AttachedSpec spec, ParentRefSpec parent)
    {
        var target = parent.Target(route.Namespace);
        return parent.Kind == "Service" ? ToService(context, route, parent, target) : ToGateway(context, route, spec, parent, target);
    }

    private static Attachment ToService(CompileContext context, Resource route, ParentRefSpec parent, ResourceKey target)
    {
        if (target.Namespace != route.Namespace)
            return new Attachment([], "RefNotPermitted", $"{target} is in another namespace; a route must be in the namespace of the Service that it is attached to");
        if (context.Resources.Find(target) is not { } service)
            return new Attachment([], "NoMatchingParent", $"{target} does not exist");

        var ports = service.SpecAs(SpecJson.Default.ServiceSpec).Ports
            .Where(port => (parent.Port is null || parent.Port == port.Port) && (parent.SectionName is null || parent.SectionName == port.Name)).ToList();
        if (ports.Count == 0)
            return new Attachment([], "NoMatchingParent", $"{target} has no port {parent.Port?.ToString() ?? parent.SectionName}");

        var fitting = ports.Where(port => Fits(route.Key.Kind, ProtocolOf(port))).ToList();
        return fitting.Count > 0
            ? Accepted(fitting.Select(port => new ParentRef { Kind = ParentRef.Types.Kind.Service, Name = target.Path, Port = (uint)port.Port }))
            : new Attachment([], "NoMatchingParent", $"{target} has no port whose protocol a {route.Key.Kind} can route: "
                + $"{string.Join(", ", ports.Select(port => $"{port.Port} is {ProtocolOf(port).ToString().ToUpperInvariant()}"))}; see the port's appProtocol and name");
    }

    private static AppProtocol ProtocolOf(ServicePortSpec port) => AppProtocols.Of(port.AppProtocol, port.Name);

    /// <summary>A route that nothing would ever ask is refused. Where the protocol is detected, each kind routes what turns out to be its own.</summary>
    private static bool Fits(string kind, AppProtocol protocol) => kind switch
    {
        "TCPRoute" => protocol is AppProtocol.UnknownProtocol or AppProtocol.Tcp or AppProtocol.Tls or AppProtocol.Redis,
        "TLSRoute" => protocol is AppProtocol.UnknownProtocol or AppProtocol.Tls,
        _ => protocol is AppProtocol.UnknownProtocol or AppProtocol.Http or AppProtocol.Http2 or AppProtocol.Grpc,
    };

    private static Attachment ToGateway(CompileContext context, Resource route, AttachedSpec spec, ParentRefSpec parent, ResourceKey target)
    {
        if (context.Resources.Find(target) is not { } gateway)
            return new Attachment([], "NoMatchingParent", $"{target} does not exist");

        var gatewaySpec = gateway.SpecAs(SpecJson.Default.GatewaySpec);
        if (gatewaySpec.GatewayClassName != GatewayKind.OwnClass)
            return new Attachment([], "NoMatchingParent", $"{target} is of class {gatewaySpec.GatewayClassName}, which another implementation serves");

        var listeners = gatewaySpec.Listeners.Where(listener => (parent.SectionName is null || parent.SectionName == listener.Name)
            && (parent.Port is null || parent.Port == listener.Port)).ToList();
        if (listeners.Count == 0)
            return new Attachment([], "NoMatchingParent", $"{target} has no listener {parent.SectionName ?? parent.Port?.ToString()}");

        listeners = [.. listeners.Where(listener => Allows(context, gateway, listener, route))];
        if (listeners.Count == 0)
            return new Attachment([], "NotAllowedByListeners", $"no listener of {target} takes {route.Key.Kind}s of namespace {route.Namespace}; see its allowedRoutes and protocol");

        listeners = [.. listeners.Where(listener => Hostnames.Meet(listener.Hostname, spec.Hostnames))];
        if (listeners.Count == 0)
            return new Attachment([], "NoMatchingListenerHostname", $"no listener of {target} has a hostname in common with the route");

        return Accepted(listeners.Select(listener => new ParentRef { Kind = ParentRef.Types.Kind.Gateway, Name = target.Path, Section = listener.Name }));
    }

    private static Attachment Accepted(IEnumerable<ParentRef> parents) => new([.. parents], "Accepted", "the route is in force");

    private static bool Allows(CompileContext context, Resource gateway, ListenerSpec listener, Resource route)
    {
        var protocol = route.Key.Kind switch { "TCPRoute" => "TCP", "TLSRoute" => "TLS", _ => "HTTP" };
        var allowed = listener.AllowedRoutes;
        if (listener.Protocol != protocol || (allowed.Kinds.Count > 0 && allowed.Kinds.All(kind => kind.Kind != route.Key.Kind)))
            return false;

        return allowed.Namespaces.From switch
        {
            "All" => true,
            "Same" => route.Namespace == gateway.Namespace,
            "Selector" => NamespaceMatches(context, route.Namespace, allowed.Namespaces.Selector),
            _ => false,
        };
    }

    private static bool NamespaceMatches(CompileContext context, string name, SelectorSpec? selector)
    {
        var space = context.Resources.Find(new ResourceKey(Groups.Core, "Namespace", "", name));
        return space is not null && selector is not null && selector.MatchLabels.All(label => space.Labels.GetValueOrDefault(label.Key) == label.Value);
    }
}
