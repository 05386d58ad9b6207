using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

/// <summary>Parts that the route kinds of Gateway API share.</summary>
internal static class RouteTypes
{
    private const int maxWeight = 1_000_000; // Gateway API
    private const int maxMatchesPerRoute = 128; // Gateway API

    public static readonly StringType MatchKind = OneOf("Exact", "RegularExpression");

    public static readonly ListType HeaderMatches = NamedMatches("Name of the header, without regard to case.");

    /// <summary>group defaults by kind ("" for Service), which is kinder than the standard's fixed default; writing it out always works.</summary>
    public static readonly ListType ParentRefs = ListOf(new ObjectType(
        Optional("group", OneOf("", Groups.Gateway), "Group of the parent: \"\" for a Service."),
        Optional("kind", OneOf("Gateway", "Service"), "Kind of the parent: Service for traffic inside the mesh, Gateway for explicit ports.", "\"Gateway\""),
        Optional("namespace", Text(TextFormats.DnsLabel, 63), "Namespace of the parent; absent: that of the route."),
        Needed("name", Text(TextFormats.DnsSubdomain, 253), "Name of the parent."),
        Optional("sectionName", Text(TextFormats.DnsSubdomain, 253), "Listener of a Gateway, or port name of a Service."),
        Optional("port", Port, "Port of the parent; absent: every port."))
    {
        Check = static parent =>
        {
            var wanted = parent.Text("kind") == "Service" ? "" : Groups.Gateway;
            if (parent.Text("group") is { } group && group != wanted)
                parent.Invalid("group", $"must be \"{wanted}\" for kind {parent.Text("kind")}");
        },
    }, max: 32);

    public static readonly ObjectType ParentStatus = new(
        Optional("parents", ListOf(new ObjectType(
            Needed("parentRef", Any, "The parent, as in spec."),
            Needed("controllerName", Text(), "Who wrote this."),
            Optional("conditions", StatusTypes.ConditionList, "Accepted and ResolvedRefs."))), "State of the route at each parent."));

    private static readonly IReadOnlyList<Field> backendFields =
    [
        Optional("group", OneOf(""), "Group of the backend: \"\" for a Service.", "\"\""),
        Optional("kind", OneOf("Service"), "Kind of the backend.", "\"Service\""),
        Optional("namespace", Text(TextFormats.DnsLabel, 63), "Namespace of the backend; absent: that of the route. Another one needs a ReferenceGrant there."),
        Needed("name", Text(TextFormats.DnsSubdomain, 253), "Name of the Service."),
        Needed("port", Port, "Port of the Service."),
        Optional("weight", Integer(0, maxWeight), "Share of the requests, relative to the sum of the rule's weights.", "1"),
    ];

    public static ListType BackendRefs(params IReadOnlyList<Field> more) => ListOf(new ObjectType([.. backendFields, .. more]), max: 16);

    /// <summary>The rules of a route whose connections nothing tells apart any more.</summary>
    public static Field OneRule(string doc) => Needed("rules", ListOf(
        new ObjectType(
            Optional("name", Text(TextFormats.DnsSubdomain, 253), "Name of the rule, for explanations and metrics."),
            Needed("backendRefs", BackendRefs() with { MinItems = 1 }, "Where connections go."))
        {
            Check = WeightsNotAllZero,
        },
        max: 1,
        min: 1), doc);

    /// <summary>Conditions on values that have a name, each name once.</summary>
    public static ListType NamedMatches(string doc) => ListOf(
        new ObjectType(
            Optional("type", MatchKind, "How the value is compared.", "\"Exact\""),
            Needed("name", Text(TextFormats.HttpToken, 256, 1), doc),
            Needed("value", Text(TextFormats.HeaderValue, 4096, 1), "Value or regular expression."))
        {
            Check = static match =>
            {
                if (match.Text("type") == "RegularExpression" && RegularExpressions.Problem(match.Text("value")) is { } problem)
                    match.Invalid("value", problem);
            },
        },
        16,
        0,
        "name");

    public static void NotTooManyMatches(ObjectCheck spec)
    {
        if (spec.Children("rules").Sum(rule => rule.Items("matches").Count) > maxMatchesPerRoute)
            spec.Invalid("rules", $"must have at most {maxMatchesPerRoute} matches together");
    }

    /// <summary>A rule that sends everything nowhere is a slip, not a wish; to refuse requests one writes an AccessPolicy.</summary>
    public static void WeightsNotAllZero(ObjectCheck rule)
    {
        var backends = rule.Children("backendRefs").ToList();
        if (backends.Count > 0 && backends.All(backend => backend.Integer("weight") == 0))
            rule.Invalid("backendRefs", "weights all zero: give at least one backend a weight above 0, or leave weight out");
    }

    public static Column[] Columns { get; } =
    [
        new("Hostnames", "Hosts of the route.", resource => resource.Spec?["hostnames"]?.ToJsonString() ?? ""),
        new("Accepted", "Whether every parent took the route.", resource => ParentCondition(resource, "Accepted")),
        new("Resolved", "Whether every backend was found.", resource => ParentCondition(resource, "ResolvedRefs")),
    ];

    private static string ParentCondition(Resource route, string type)
    {
        var states = (route.Status?["parents"]?.AsArray() ?? [])
            .SelectMany(parent => parent?["conditions"]?.AsArray() ?? [])
            .Where(condition => condition?["type"]?.ToString() == type)
            .Select(condition => condition!["status"]!.ToString()).ToList();
        return states.Count == 0 ? "Unknown" : states.All(state => state == "True") ? "True" : "False";
    }
}
