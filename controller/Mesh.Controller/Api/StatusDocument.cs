using System.Text.Json.Nodes;

namespace Mesh.Controller.Api;

/// <summary>Status objects, as Kubernetes answers where there is no resource to answer with.</summary>
internal static class StatusDocument
{
    public static JsonObject Failure(ApiException failure)
    {
        var details = new JsonObject();
        if (failure.Name is not null)
            details["name"] = failure.Name;
        if (failure.Kind is { } kind)
        {
            details["group"] = kind.Group;
            details["kind"] = kind.Plural;
        }

        if (failure.Causes.Count > 0)
        {
            details["causes"] = new JsonArray([.. failure.Causes.Select(cause => new JsonObject
            {
                ["reason"] = cause.CauseReason,
                ["message"] = cause.Message,
                ["field"] = cause.Path,
            })]);
        }

        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = failure.Message,
            ["reason"] = failure.Reason,
            ["details"] = details,
            ["code"] = failure.Code,
        };
    }

    public static JsonObject Success(string name, string group, string plural, string? uid) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["details"] = new JsonObject { ["name"] = name, ["group"] = group, ["kind"] = plural, ["uid"] = uid },
    };
}
