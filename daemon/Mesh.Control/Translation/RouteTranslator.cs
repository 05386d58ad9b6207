using Mesh.Protocol.Config;
using Mesh.Proxy.Routing;

namespace Mesh.Control.Translation;

/// <summary>Routes by what they are attached to.</summary>
internal sealed class RouteTranslator
{
    private readonly ParentIndex<HttpRoute> http = new();
    private readonly ParentIndex<GrpcRoute> grpc = new();
    private readonly ParentIndex<TcpRoute> tcp = new();
    private readonly ParentIndex<TlsRoute> tls = new();

    /// <param name="route">Null: it is gone.</param>
    /// <returns>What it was and is attached to.</returns>
    public IEnumerable<ParentRef> SetHttp(string name, HttpRoute? route) => http.Set(name, route, route?.Parents);

    /// <inheritdoc cref="SetHttp"/>
    public IEnumerable<ParentRef> SetGrpc(string name, GrpcRoute? route) => grpc.Set(name, route, route?.Parents);

    /// <inheritdoc cref="SetHttp"/>
    public IEnumerable<ParentRef> SetTcp(string name, TcpRoute? route) => tcp.Set(name, route, route?.Parents);

    /// <inheritdoc cref="SetHttp"/>
    public IEnumerable<ParentRef> SetTls(string name, TlsRoute? route) => tls.Set(name, route, route?.Parents);

    /// <summary>HTTPRoutes and GRPCRoutes: calls are requests.</summary>
    /// <returns>Null when no route is attached there.</returns>
    public HttpRouteTable? HttpOf(ParentRef.Types.Kind kind, string name, int port, string section, string listenerHost)
    {
        var requests = http.Of(kind, name).Where(route => route.Parents.Any(p => Attaches(p, kind, name, port, section))).ToList();
        var calls = grpc.Of(kind, name).Where(route => route.Parents.Any(p => Attaches(p, kind, name, port, section))).ToList();
        if (requests.Count + calls.Count == 0) return null;
        bool atGateway = kind == ParentRef.Types.Kind.Gateway;
        return new HttpRouteTable(requests.SelectMany(route => HttpMatches.Of(route, atGateway, listenerHost))
            .Concat(calls.SelectMany(route => GrpcMatches.Of(route, atGateway, listenerHost))));
    }

    public BackendModel[] TcpOf(ParentRef.Types.Kind kind, string name, int port, string section)
    {
        var route = tcp.Of(kind, name)
            .Where(route => route.Parents.Any(p => Attaches(p, kind, name, port, section)))
            .OrderBy(static route => route.CreatedUnixMs)
            .ThenBy(static route => $"{route.Namespace}/{route.Name}", StringComparer.Ordinal)
            .FirstOrDefault();
        return route is null ? [] : [.. route.Backends.Select(RouteParts.Backend)];
    }

    /// <summary>Unlike those of HTTP routes, hosts count at a service too: an address says nothing about the name that a client asks for.</summary>
    /// <returns>Null when no route is attached there.</returns>
    public TlsRouteTable? TlsOf(ParentRef.Types.Kind kind, string name, int port, string section, string listenerHost)
    {
        var attached = tls.Of(kind, name).Where(route => route.Parents.Any(p => Attaches(p, kind, name, port, section))).ToList();
        return attached.Count == 0 ? null : new TlsRouteTable(attached.SelectMany(route => ToMatches(route, listenerHost)));
    }

    /// <summary>Attached or not.</summary>
    public static void Check(HttpRoute route) => _ = HttpMatches.Of(route, atGateway: true, "").Count();

    public static void Check(GrpcRoute route) => _ = GrpcMatches.Of(route, atGateway: true, "").Count();

    public static void Check(TcpRoute route) => _ = route.Backends.Select(RouteParts.Backend).Count();

    public static void Check(TlsRoute route) => _ = ToMatches(route, "").Count();

    private static IEnumerable<TlsMatchModel> ToMatches(TlsRoute route, string listenerHost)
    {
        var rule = new TlsRuleModel($"{route.Namespace}/{route.Name}", [.. route.Backends.Select(RouteParts.Backend)]);
        IEnumerable<string> hosts = route.Hostnames.Count > 0 ? route.Hostnames : [""];
        foreach (string host in hosts)
        {
            if (HostPattern.Intersect(host, listenerHost) is { } both) yield return new TlsMatchModel(new HostPattern(both), rule, route.CreatedUnixMs);
        }
    }

    private static bool Attaches(ParentRef parent, ParentRef.Types.Kind kind, string name, int port, string section) =>
        parent.Kind == kind && parent.Name == name
        && (parent.Port == 0 || parent.Port == port)
        && (parent.Section.Length == 0 || parent.Section == section);
}
