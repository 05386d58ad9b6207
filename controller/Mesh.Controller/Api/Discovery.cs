using System.Text.Json.Nodes;
using Mesh.Resources.Kinds;
using Mesh.Resources.Schema;

namespace Mesh.Controller.Api;

/// <summary>Documents from which clients learn what there is: groups, versions, resources, and their fields.</summary>
internal static class Discovery
{
    private static readonly string[] verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    /// <returns>Null when the path is no discovery document.</returns>
    public static JsonObject? Find(string[] segments, string programVersion) => segments switch
    {
        ["api"] => new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") },
        ["apis"] => Groups(),
        ["apis", var group] when Versions(group).Count > 0 => Group(group, withKind: true),
        ["api", var version] when Versions("").Contains(version) => ResourceList("", version),
        ["apis", var group, var version] when Versions(group).Contains(version) => ResourceList(group, version),
        ["openapi", "v3"] => OpenApiIndex(),
        ["openapi", "v3", "api", var version] when Versions("").Contains(version) => OpenApiDocument.Of(KindCatalog.All, "", version, programVersion),
        ["openapi", "v3", "apis", var group, var version] when Versions(group).Contains(version) => OpenApiDocument.Of(KindCatalog.All, group, version, programVersion),
        _ => null,
    };

    private static IEnumerable<string> GroupNames => KindCatalog.All.Select(kind => kind.Group).Where(group => group.Length > 0).Distinct();

    /// <summary>Preferred first: the one that most kinds are stored in.</summary>
    private static IReadOnlyList<string> Versions(string group) =>
        [.. KindCatalog.All.Where(kind => kind.Group == group).SelectMany(kind => kind.Versions).GroupBy(version => version).OrderByDescending(version => version.Count()).Select(version => version.Key)];

    private static JsonObject Groups() => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. GroupNames.Select(group => Group(group, withKind: false))]),
    };

    private static JsonObject Group(string group, bool withKind)
    {
        var versions = Versions(group).Select(version => new JsonObject { ["groupVersion"] = $"{group}/{version}", ["version"] = version }).ToArray();
        var result = new JsonObject { ["name"] = group, ["versions"] = new JsonArray([.. versions]), ["preferredVersion"] = versions[0].DeepClone() };
        if (withKind)
            (result["kind"], result["apiVersion"]) = ("APIGroup", "v1");

        return result;
    }

    private static JsonObject ResourceList(string group, string version) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
        ["resources"] = new JsonArray([.. KindCatalog.All.Where(kind => kind.Group == group && kind.Versions.Contains(version)).SelectMany(Resources)]),
    };

    private static IEnumerable<JsonObject> Resources(KindSchema kind)
    {
        yield return new JsonObject
        {
            ["name"] = kind.Plural,
            ["singularName"] = kind.Singular,
            ["namespaced"] = kind.Namespaced,
            ["kind"] = kind.Kind,
            ["verbs"] = new JsonArray([.. verbs.Select(verb => JsonValue.Create(verb))]),
            ["shortNames"] = new JsonArray([.. kind.ShortNames.Select(name => JsonValue.Create(name))]),
        };
        yield return new JsonObject
        {
            ["name"] = kind.Plural + "/status",
            ["singularName"] = "",
            ["namespaced"] = kind.Namespaced,
            ["kind"] = kind.Kind,
            ["verbs"] = new JsonArray("get", "patch", "update"),
        };
    }

    private static JsonObject OpenApiIndex()
    {
        var paths = new JsonObject();
        foreach (var version in Versions(""))
            paths[$"api/{version}"] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/api/{version}" };

        foreach (var (group, version) in GroupNames.SelectMany(group => Versions(group).Select(version => (group, version))))
            paths[$"apis/{group}/{version}"] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/apis/{group}/{version}" };

        return new JsonObject { ["paths"] = paths };
    }
}
