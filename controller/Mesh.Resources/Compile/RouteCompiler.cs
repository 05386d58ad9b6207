using System.Text.Json.Nodes;
using Google.Protobuf;
using Mesh.Protocol.Config;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

/// <summary>Routes: attachment to parents, backends, and the status that says how both went.</summary>
internal static class RouteCompiler
{
    private const string controllerName = "mesh.internal/controller";

    private static readonly string[] kinds = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"];

    public static bool Compiles(string kind) => kinds.Contains(kind);

    public static void Compile(CompileContext context)
    {
        context.Begin(TypeUrls.HttpRoute);
        context.Begin(TypeUrls.GrpcRoute);
        context.Begin(TypeUrls.TcpRoute);
        context.Begin(TypeUrls.TlsRoute);
        List<AttachedRoute> routes = [.. kinds.SelectMany(context.Resources.OfKind).Select(route => new AttachedRoute(context, route))];
        RouteConflicts.Settle(context, routes);
        foreach (var route in routes)
            Compile(context, route);
    }

    /// <summary>One route alone, which is among the resources.</summary>
    public static void Compile(CompileContext context, Resource route)
    {
        var attached = new AttachedRoute(context, route);
        if (RouteConflicts.Concerns(route.Key.Kind) && context.Resources.HasKind("HTTPRoute") && context.Resources.HasKind("GRPCRoute"))
        {
            var others = kinds.Where(RouteConflicts.Concerns).SelectMany(context.Resources.OfKind).Where(other => other.Key != route.Key);
            RouteConflicts.Settle(context, [.. others.Select(other => new AttachedRoute(context, other)), attached]);
        }

        Compile(context, attached);
    }

    private static void Compile(CompileContext context, AttachedRoute attached)
    {
        var (route, parents, backends) = (attached.Route, attached.Parents.ToList(), new BackendResolver(context, attached.Route));
        attached.Report(context);
        var (url, message) = Message(route, attached.Spec, parents, backends);
        if (parents.Count > 0)
            context.Emit(url, route.Key.Path, message);
        context.SetStatus(route, Status(route, attached.Attachments, backends));
    }

    private static (string Url, IMessage Message) Message(Resource route, AttachedSpec spec, IReadOnlyList<ParentRef> parents, BackendResolver backends) => route.Key.Kind switch
    {
        "HTTPRoute" => (TypeUrls.HttpRoute, Http(route, (RouteSpec)spec, parents, backends)),
        "GRPCRoute" => (TypeUrls.GrpcRoute, Grpc(route, (GrpcRouteSpec)spec, parents, backends)),
        "TLSRoute" => (TypeUrls.TlsRoute, Tls(route, (RouteSpec)spec, parents, backends)),
        _ => (TypeUrls.TcpRoute, Tcp(route, (RouteSpec)spec, parents, backends)),
    };

    private static HttpRoute Http(Resource route, RouteSpec spec, IReadOnlyList<ParentRef> parents, BackendResolver backends)
    {
        var message = new HttpRoute { Namespace = route.Namespace, Name = route.Name, CreatedUnixMs = route.Created.ToUnixTimeMilliseconds() };
        message.Parents.AddRange(parents);
        message.Hostnames.AddRange(spec.Hostnames);
        message.Rules.AddRange(spec.Rules.Select((rule, i) => HttpRuleCompiler.Compile(rule, i, backends)));
        return message;
    }

    private static GrpcRoute Grpc(Resource route, GrpcRouteSpec spec, IReadOnlyList<ParentRef> parents, BackendResolver backends)
    {
        var message = new GrpcRoute { Namespace = route.Namespace, Name = route.Name, CreatedUnixMs = route.Created.ToUnixTimeMilliseconds() };
        message.Parents.AddRange(parents);
        message.Hostnames.AddRange(spec.Hostnames);
        message.Rules.AddRange(spec.Rules.Select((rule, i) => GrpcRuleCompiler.Compile(rule, i, backends)));
        return message;
    }

    private static TcpRoute Tcp(Resource route, RouteSpec spec, IReadOnlyList<ParentRef> parents, BackendResolver backends)
    {
        var message = new TcpRoute { Namespace = route.Namespace, Name = route.Name, CreatedUnixMs = route.Created.ToUnixTimeMilliseconds() };
        message.Parents.AddRange(parents);
        message.Backends.AddRange(spec.Rules.SelectMany((rule, i) => backends.Resolve(rule.BackendRefs, i)));
        return message;
    }

    private static TlsRoute Tls(Resource route, RouteSpec spec, IReadOnlyList<ParentRef> parents, BackendResolver backends)
    {
        var message = new TlsRoute { Namespace = route.Namespace, Name = route.Name, CreatedUnixMs = route.Created.ToUnixTimeMilliseconds() };
        message.Parents.AddRange(parents);
        message.Hostnames.AddRange(spec.Hostnames);
        message.Backends.AddRange(spec.Rules.SelectMany((rule, i) => backends.Resolve(rule.BackendRefs, i)));
        return message;
    }

    private static JsonObject Status(Resource route, IReadOnlyList<Attachment> attachments, BackendResolver backends)
    {
        var refs = route.Spec?["parentRefs"] as JsonArray;
        var parents = attachments.Select((attachment, i) => (JsonNode)new JsonObject
        {
            ["parentRef"] = refs![i]!.DeepClone(),
            ["controllerName"] = controllerName,
            ["conditions"] = new JsonArray(
                Conditions.Make("Accepted", attachment.Accepted, attachment.Reason, attachment.Message, route.Generation),
                Conditions.Make("ResolvedRefs", backends.Reason == "ResolvedRefs", backends.Reason, backends.Message, route.Generation)),
        });
        return new JsonObject { ["parents"] = new JsonArray([.. parents]) };
    }
}
