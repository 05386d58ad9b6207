using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class TelemetryPolicyKind
{
    private const int maxLabels = 16; // each is repeated in every record

    private static readonly ObjectType filter = new(
        Optional("minStatus", Integer(100, 599), "Requests answered with this HTTP status or a higher one."),
        Optional("minDuration", Text(TextFormats.Duration), "Requests and connections that took at least as long."))
    {
        Check = static filter =>
        {
            if (filter.IsEmpty) filter.Required("", "must have minStatus or minDuration; leave the filter out to mean every record");
        },
    };

    private static readonly ObjectType accessLog = new(
        Optional("format", OneOf("JSON", "Text"), "Form of the lines; absent: as in the daemon's configuration. The journal keeps its own form."),
        Optional("sampling", Percent, "Percentage of the requests and connections that are logged.", "100"),
        Optional("logErrors", Flag, "Log every one that failed (status 500 or more, or a response flag), whatever sampling and filter say.", "true"),
        Optional("filter", filter, "Log only those of which any of this is true."),
        Optional("labels", MapOf(Text(null, 128, 1), TextFormats.FieldName, maxLabels), "Fields added to every record."));

    private static readonly ObjectType tracing = new(
        Optional("enabled", Flag, "Continue or begin traces and request ids; false: their headers pass untouched.", "true"),
        Optional("sampling", Percent, "Percentage of the traces begun here that are sampled. Traces that a client began keep its decision.", "1"));

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Mesh,
        Versions = ["v1"],
        Kind = "TelemetryPolicy",
        Plural = "telemetrypolicies",
        ShortNames = ["telemetry"],
        Doc = "What is recorded about the traffic of workloads and gateways: access log and traces. The most specific policy with a section decides that section.",
        Spec = new ObjectType(
            PolicyTypes.TargetRefs("Workload", "Namespace"),
            PolicyTypes.Selector,
            Optional("accessLog", accessLog, "One record a request or connection."),
            Optional("tracing", tracing, "Trace context of HTTP requests."))
        {
            Check = static spec =>
            {
                PolicyTypes.NotBoth(spec);
                if (!spec.Has("accessLog") && !spec.Has("tracing")) spec.Required("", "must have accessLog or tracing");
                foreach (var target in spec.Children("targetRefs").Where(target => target.Has("sectionName")))
                    target.Invalid("sectionName", "must be absent: telemetry is for whole workloads");
            },
        },
        Status = PolicyTypes.Status,
        Check = PolicyTypes.OwnNamespace,
    };
}
