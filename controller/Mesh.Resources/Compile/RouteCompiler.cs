using System.Text.Json.Nodes;
using Mesh.Protocol.Config;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

/// <summary>Routes: attachment to parents, backends, and the status that says how both went.</summary>
internal static class RouteCompiler
{
    private const string controllerName = "mesh.internal/controller";

    private static readonly string[] kinds = ["HTTPRoute", "TCPRoute", "TLSRoute"];

    public static bool Compiles(string kind) => kinds.Contains(kind);

    public static void Compile(CompileContext context)
    {
        context.Begin(TypeUrls.HttpRoute);
        context.Begin(TypeUrls.TcpRoute);
        context.Begin(TypeUrls.TlsRoute);
        foreach (var route in kinds.SelectMany(context.Resources.OfKind))
            Compile(context, route);
    }

    public static void Compile(CompileContext context, Resource route)
    {
        if (route.Key.Kind == "HTTPRoute")
            Compile(context, route, Http);
        else if (route.Key.Kind == "TLSRoute")
            Compile(context, route, Tls);
        else
            Compile(context, route, Tcp);
    }

    private static void Compile(CompileContext context, Resource route, Action<CompileContext, Resource, RouteSpec, IReadOnlyList<ParentRef>, BackendResolver> emit)
    {
        var spec = route.SpecAs(SpecJson.Default.RouteSpec);
        var backends = new BackendResolver(context, route);
        var attachments = spec.ParentRefs.Select((parent, i) => ParentResolver.Attach(context, route, spec, parent, i)).ToList();
        List<ParentRef> parents = [.. attachments.SelectMany(attachment => attachment.Parents)];
        emit(context, route, spec, parents, backends);
        context.SetStatus(route, Status(route, attachments, backends));
    }

    private static void Http(CompileContext context, Resource route, RouteSpec spec, IReadOnlyList<ParentRef> parents, BackendResolver backends)
    {
        var message = new HttpRoute { Namespace = route.Namespace, Name = route.Name, CreatedUnixMs = route.Created.ToUnixTimeMilliseconds() };
        message.Parents.AddRange(parents);
        message.Hostnames.AddRange(spec.Hostnames);
        message.Rules.AddRange(spec.Rules.Select((rule, i) => HttpRuleCompiler.Compile(rule, i, backends)));
        if (parents.Count > 0)
            context.Emit(TypeUrls.HttpRoute, route.Key.Path, message);
    }

    private static void Tcp(CompileContext context, Resource route, RouteSpec spec, IReadOnlyList<ParentRef> parents, BackendResolver backends)
    {
        var message = new TcpRoute { Namespace = route.Namespace, Name = route.Name, CreatedUnixMs = route.Created.ToUnixTimeMilliseconds() };
        message.Parents.AddRange(parents);
        message.Backends.AddRange(spec.Rules.SelectMany((rule, i) => backends.Resolve(rule, i)));
        if (parents.Count > 0)
            context.Emit(TypeUrls.TcpRoute, route.Key.Path, message);
    }

    private static void Tls(CompileContext context, Resource route, RouteSpec spec, IReadOnlyList<ParentRef> parents, BackendResolver backends)
    {
        var message = new TlsRoute { Namespace = route.Namespace, Name = route.Name, CreatedUnixMs = route.Created.ToUnixTimeMilliseconds() };
        message.Parents.AddRange(parents);
        message.Hostnames.AddRange(spec.Hostnames);
        message.Backends.AddRange(spec.Rules.SelectMany((rule, i) => backends.Resolve(rule, i)));
        if (parents.Count > 0)
            context.Emit(TypeUrls.TlsRoute, route.Key.Path, message);
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
