using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class GrpcRouteKind
{
    private static readonly ObjectType method = new(
        Optional("type", RouteTypes.MatchKind, "How service and method are compared. Exact matches are tried before regular expressions.", "\"Exact\""),
        Optional("service", Text(null, 1024), "Service with its package, as the .proto file says: shop.v1.Catalog. Absent or empty: every service."),
        Optional("method", Text(null, 1024), "Method: ListItems. Absent or empty: every method."))
    {
        Check = CheckMethod,
    };

    private static readonly ObjectType match = new(
        Optional("method", method, "Service and method of the call; absent: any."),
        Optional("headers", RouteTypes.HeaderMatches, "Headers (metadata) that must all match."));

    private static readonly ObjectType rule = new(
        Optional("name", Text(TextFormats.DnsSubdomain, 253), "Name of the rule, for explanations and metrics."),
        Optional("matches", ListOf(match), "The rule applies when any of these matches; absent: to every call."),
        Optional("filters", HttpFilterTypes.GrpcFilters, "Changes of the request and the response."),
        Optional("backendRefs", RouteTypes.BackendRefs(Optional("filters", HttpFilterTypes.GrpcFilters, "Changes for this backend only.")), "Where calls go. None: they are answered UNAVAILABLE."),
        NotYet("sessionPersistence", "Sticky sessions."))
    {
        Check = static rule =>
        {
            RouteTypes.WeightsNotAllZero(rule);
            HttpFilterTypes.CheckCombination(rule);
        },
    };

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Gateway,
        Versions = ["v1"],
        Kind = "GRPCRoute",
        Plural = "grpcroutes",
        Doc = "Where gRPC calls to a Service or a Gateway go, by service and method. A call that no rule takes is answered UNIMPLEMENTED.",
        Spec = new ObjectType(
            Optional("parentRefs", RouteTypes.ParentRefs, "Services (inside the mesh) or Gateways whose calls the route takes."),
            Optional("hostnames", ListOf(Text(TextFormats.Hostname, 253), max: 16), "Only calls to these hosts; absent: every host of the parent. Without meaning at a Service."),
            Optional("rules", ListOf(rule, max: 16), "Tried most specific match first."),
            NotYet("useDefaultGateways", "Attachment to default gateways."))
        {
            Check = RouteTypes.NotTooManyMatches,
        },
        Status = RouteTypes.ParentStatus,
        Columns = RouteTypes.Columns,
    };

    private static void CheckMethod(ObjectCheck method)
    {
        if (string.IsNullOrEmpty(method.Text("service")) && string.IsNullOrEmpty(method.Text("method")))
            method.Required("", "must have service or method; leave it out to match every call");
        CheckName(method, "service", TextFormats.GrpcService);
        CheckName(method, "method", TextFormats.GrpcMethod);
    }

    private static void CheckName(ObjectCheck method, string field, TextFormat format)
    {
        if (method.Text(field) is not { Length: > 0 } value)
            return;
        if ((method.Text("type") == "RegularExpression" ? RegularExpressions.Problem(value) : format.Problem(value)) is { } problem)
            method.Invalid(field, problem);
    }
}
