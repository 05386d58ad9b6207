using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class HttpRouteKind
{
    private static readonly ObjectType path = new(
        Optional("type", OneOf("Exact", "PathPrefix", "RegularExpression"), "How the path is compared; a prefix is taken by path element.", "\"PathPrefix\""),
        Optional("value", Text(null, 1024), "Path, path prefix or regular expression.", "\"/\""))
    {
        Check = static path =>
        {
            var problem = path.Text("type") == "RegularExpression" ? RegularExpressions.Problem(path.Text("value")) : TextFormats.HttpPath.Problem(path.Text("value") ?? "/");
            if (problem is not null)
                path.Invalid("value", problem);
        },
    };

    private static readonly ObjectType match = new(
        Optional("path", path, "Path of the request.", "{\"type\":\"PathPrefix\",\"value\":\"/\"}"),
        Optional("method", OneOf("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"), "Method; absent: any."),
        Optional("headers", RouteTypes.HeaderMatches, "Headers that must all match."),
        Optional("queryParams", RouteTypes.NamedMatches("Name of the query parameter."), "Query parameters that must all match."));

    private static readonly ObjectType rule = new(
        Optional("name", Text(TextFormats.DnsSubdomain, 253), "Name of the rule, for explanations and metrics."),
        Optional("matches", ListOf(match), "The rule applies when any of these matches.", "[{\"path\":{\"type\":\"PathPrefix\",\"value\":\"/\"}}]"),
        Optional("filters", HttpFilterTypes.Filters, "Changes of the request and the response."),
        Optional("backendRefs", RouteTypes.BackendRefs(Optional("filters", HttpFilterTypes.BackendFilters, "Changes for this backend only.")), "Where requests go. None: they are answered 500, unless a filter answers."),
        Optional("timeouts", new ObjectType(
            Optional("request", Text(TextFormats.Duration), "From the request's first byte to the response's last; 0s: none."),
            Optional("backendRequest", Text(TextFormats.Duration), "For one try at a backend; at most the request timeout."))
        {
            Check = TimeoutsInOrder,
        }, "Time limits."),
        NotYet("retry", "Retries."),
        NotYet("sessionPersistence", "Sticky sessions."))
    {
        Check = CheckRule,
    };

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Gateway,
        Versions = ["v1", "v1beta1"],
        Kind = "HTTPRoute",
        Plural = "httproutes",
        Doc = "Where HTTP requests to a Service or a Gateway go.",
        Spec = new ObjectType(
            Optional("parentRefs", RouteTypes.ParentRefs, "Services (inside the mesh) or Gateways whose requests the route takes."),
            Optional("hostnames", ListOf(Text(TextFormats.Hostname, 253), max: 16), "Only requests for these hosts; absent: every host of the parent. Without meaning at a Service."),
            Optional("rules", ListOf(rule, max: 16, min: 1), "Tried most specific match first.", "[{\"matches\":[{\"path\":{\"type\":\"PathPrefix\",\"value\":\"/\"}}]}]"),
            NotYet("useDefaultGateways", "Attachment to default gateways."))
        {
            Check = RouteTypes.NotTooManyMatches,
        },
        Status = RouteTypes.ParentStatus,
        Columns = RouteTypes.Columns,
    };

    private static void CheckRule(ObjectCheck rule)
    {
        RouteTypes.WeightsNotAllZero(rule);
        HttpFilterTypes.CheckCombination(rule);
    }

    private static void TimeoutsInOrder(ObjectCheck timeouts)
    {
        var (request, backend) = (GatewayDuration.Milliseconds(timeouts.Text("request")), GatewayDuration.Milliseconds(timeouts.Text("backendRequest")));
        if (request > 0 && backend > request)
            timeouts.Invalid("backendRequest", "must not be longer than timeouts.request");
    }
}
