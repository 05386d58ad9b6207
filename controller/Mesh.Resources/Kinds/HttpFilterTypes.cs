using System.Text.Json.Nodes;
using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

/// <summary>Filters of the rules and backends of HTTPRoute and GRPCRoute: a union told apart by type.</summary>
internal static class HttpFilterTypes
{
    private static readonly Dictionary<string, string> fieldOfType = new()
    {
        ["RequestHeaderModifier"] = "requestHeaderModifier",
        ["ResponseHeaderModifier"] = "responseHeaderModifier",
        ["RequestRedirect"] = "requestRedirect",
        ["URLRewrite"] = "urlRewrite",
    };

    private static readonly ListType headerValues = ListOf(new ObjectType(
        Needed("name", Text(TextFormats.HttpToken, 256, 1), "Name of the header."),
        Needed("value", Text(TextFormats.HeaderValue, 4096), "Value of the header.")), 16, 0, "name");

    private static readonly ObjectType headerFilter = new(
        Optional("set", headerValues, "Headers that replace those of the same name."),
        Optional("add", headerValues, "Headers that are added to those of the same name."),
        Optional("remove", ListOf(Text(TextFormats.HttpToken, 256, 1), max: 16), "Headers to take away."));

    private static readonly ObjectType pathModifier = new(
        Needed("type", OneOf("ReplaceFullPath", "ReplacePrefixMatch"), "What is replaced."),
        Optional("replaceFullPath", Text(null, 1024), "New path."),
        Optional("replacePrefixMatch", Text(null, 1024), "Replaces the matched prefix."))
    {
        Check = static path =>
        {
            var (wanted, other) = path.Text("type") == "ReplaceFullPath" ? ("replaceFullPath", "replacePrefixMatch") : ("replacePrefixMatch", "replaceFullPath");
            if (!path.Has(wanted))
                path.Required(wanted, $"must be given with type {path.Text("type")}");
            if (path.Has(other))
                path.Invalid(other, $"must be absent with type {path.Text("type")}");
        },
    };

    private static readonly ObjectType redirect = new(
        Optional("scheme", OneOf("http", "https"), "New scheme; absent: as requested."),
        Optional("hostname", Text(TextFormats.Hostname, 253), "New host; absent: as requested."),
        Optional("path", pathModifier, "New path; absent: as requested."),
        Optional("port", Port, "New port; absent: by the scheme, else that of the listener."),
        Optional("statusCode", new IntegerType(301, 308), "301, 302, 303, 307 or 308.", "302"))
    {
        Check = static redirect =>
        {
            if (redirect.Integer("statusCode") is not (null or 301 or 302 or 303 or 307 or 308))
                redirect.Invalid("statusCode", "must be 301, 302, 303, 307 or 308");
        },
    };

    private static readonly ObjectType filter = new(
        Needed("type", new StringType { Values = [.. fieldOfType.Keys], NotYet = ["RequestMirror", "ExtensionRef", "CORS", "ExternalAuth"] }, "Which of the fields below is given."),
        Optional("requestHeaderModifier", headerFilter, "Changes headers of the request."),
        Optional("responseHeaderModifier", headerFilter, "Changes headers of the response."),
        Optional("requestRedirect", redirect, "Answers with a redirect."),
        Optional("urlRewrite", new ObjectType(
            Optional("hostname", Text(TextFormats.Hostname, 253), "New host; absent: unchanged."),
            Optional("path", pathModifier, "New path; absent: unchanged.")), "Changes host and path of the request."),
        NotYet("requestMirror", "Copies requests to another backend."),
        NotYet("extensionRef", "Filter of an extension."),
        NotYet("cors", "Cross-origin requests."),
        NotYet("externalAuth", "Authorization by another service."))
    {
        Check = MatchType,
    };

    public static readonly ListType Filters = ListOf(filter, max: 16);

    /// <summary>A call has no path to rewrite and knows no redirect; both places take the same filters.</summary>
    public static readonly ListType GrpcFilters = ListOf(new ObjectType(
        Needed("type", new StringType { Values = ["RequestHeaderModifier", "ResponseHeaderModifier"], NotYet = ["RequestMirror", "ExtensionRef"] }, "Which of the fields below is given."),
        Optional("requestHeaderModifier", headerFilter, "Changes headers of the request."),
        Optional("responseHeaderModifier", headerFilter, "Changes headers of the response."),
        NotYet("requestMirror", "Copies requests to another backend."),
        NotYet("extensionRef", "Filter of an extension."))
    {
        Check = MatchType,
    }, max: 16);

    /// <summary>A redirect or rewrite after the backend was chosen has no defined meaning with weights; headers have.</summary>
    public static readonly ListType BackendFilters = ListOf(filter with
    {
        Check = static check =>
        {
            MatchType(check);
            if (check.Text("type") is "RequestRedirect" or "URLRewrite")
                check.NotSupported("type", $"{check.Text("type")} is not supported for a single backend yet; use it in the rule's filters");
        },
    }, max: 16);

    /// <summary>Rules of the standard over the filters of one rule: each type once, no redirect with rewrite or backends, prefixes only where one is matched.</summary>
    public static void CheckCombination(ObjectCheck rule)
    {
        var filters = rule.Children("filters").ToList();
        foreach (var repeated in filters.GroupBy(filter => filter.Text("type")).Where(group => group.Count() > 1))
            rule.Invalid("filters", $"must have {repeated.Key} only once");

        var redirects = filters.Any(filter => filter.Text("type") == "RequestRedirect");
        if (redirects && filters.Any(filter => filter.Text("type") == "URLRewrite"))
            rule.Invalid("filters", "must not have both RequestRedirect and URLRewrite");
        if (redirects && rule.Items("backendRefs").Count > 0)
            rule.Invalid("backendRefs", "must be absent with a RequestRedirect filter, which answers by itself");

        if (filters.Any(ReplacesPrefix) && rule.Children("matches").Any(match => match.Child("path").Text("type") != "PathPrefix"))
            rule.Invalid("filters", "ReplacePrefixMatch needs matches with path type PathPrefix only");
    }

    private static bool ReplacesPrefix(ObjectCheck filter) =>
        new[] { "requestRedirect", "urlRewrite" }.Any(field => (filter.Object(field)?["path"] as JsonObject)?["type"]?.ToString() == "ReplacePrefixMatch");

    private static void MatchType(ObjectCheck filter)
    {
        if (filter.Text("type") is not { } type || !fieldOfType.TryGetValue(type, out var wanted))
            return;

        if (!filter.Has(wanted))
            filter.Required(wanted, $"must be given with type {type}");

        foreach (var other in fieldOfType.Values.Where(field => field != wanted && filter.Has(field)))
            filter.Invalid(other, $"must be absent with type {type}");
    }
}
