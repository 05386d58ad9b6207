using Mesh.Protocol.Config;
using Mesh.Resources.Kinds;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

/// <summary>
/// HTTPRoutes and GRPCRoutes that claim the same requests at one place: one of them is not accepted there. At a listener, where their hostnames
/// overlap, the older stays, then the first by namespace and name (Gateway API). At a port of a Service, where hostnames have no meaning, the
/// GRPCRoute stays, because it is the more specific kind (GAMMA).
/// </summary>
internal static class RouteConflicts
{
    public static bool Concerns(string kind) => kind is "HTTPRoute" or "GRPCRoute";

    /// <param name="routes">All HTTPRoutes and GRPCRoutes; others are left alone.</param>
    public static void Settle(CompileContext context, IReadOnlyCollection<AttachedRoute> routes)
    {
        if (routes.All(route => route.Route.Key.Kind != "GRPCRoute") || routes.All(route => route.Route.Key.Kind != "HTTPRoute"))
            return;

        Dictionary<ParentRef, List<AttachedRoute>> accepted = [];
        foreach (var route in routes.Where(route => Concerns(route.Route.Key.Kind)).OrderBy(route => route.Route.Created).ThenBy(route => route.Route.Key.Path, StringComparer.Ordinal).ThenBy(route => route.Route.Key.Kind, StringComparer.Ordinal))
        {
            foreach (var parent in route.Parents.Where(parent => parent.Kind == ParentRef.Types.Kind.Gateway).ToList())
                Claim(context, route, parent, accepted);
        }

        SettleServices(routes);
    }

    private static void Claim(CompileContext context, AttachedRoute route, ParentRef parent, Dictionary<ParentRef, List<AttachedRoute>> accepted)
    {
        if (!accepted.TryGetValue(parent, out var before))
            accepted[parent] = before = [];

        var own = HostsAt(context, route, parent);
        var winner = before.FirstOrDefault(other => other.Route.Key.Kind != route.Route.Key.Kind && Hostnames.Overlap(own, HostsAt(context, other, parent)));
        if (winner is null)
            before.Add(route);
        else
            route.Lose(parent, "HostnameConflict", $"{winner.Route} came first and takes requests of the same hosts at listener {parent.Section}; give the routes different hostnames");
    }

    private static void SettleServices(IReadOnlyCollection<AttachedRoute> routes)
    {
        Dictionary<ParentRef, AttachedRoute> taken = [];
        foreach (var route in routes.Where(route => route.Route.Key.Kind == "GRPCRoute"))
        {
            foreach (var parent in route.Parents.Where(parent => parent.Kind == ParentRef.Types.Kind.Service))
                taken.TryAdd(parent, route);
        }

        foreach (var route in routes.Where(route => route.Route.Key.Kind == "HTTPRoute"))
        {
            foreach (var parent in route.Parents.Where(taken.ContainsKey).ToList())
                route.Lose(parent, "Overridden", $"{taken[parent].Route} takes every request at port {parent.Port} of Service {parent.Name}; attach the routes to different ports");
        }
    }

    /// <summary>Of the route's hostnames those that the listener has too; none: every one.</summary>
    private static IReadOnlyList<string> HostsAt(CompileContext context, AttachedRoute route, ParentRef parent)
    {
        var (space, name) = parent.Name.Split('/') is [var first, var second] ? (first, second) : ("", parent.Name);
        var listener = context.Resources.Find(new ResourceKey(Groups.Gateway, "Gateway", space, name))?
            .SpecAs(SpecJson.Default.GatewaySpec).Listeners.Find(listener => listener.Name == parent.Section);
        return route.Spec.Hostnames.Count == 0
            ? string.IsNullOrEmpty(listener?.Hostname) ? [] : [listener.Hostname]
            : [.. route.Spec.Hostnames.Where(host => Hostnames.Meet(listener?.Hostname, [host]))];
    }
}
