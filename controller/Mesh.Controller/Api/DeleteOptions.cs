using System.Text.Json.Nodes;
using Mesh.Resources;

namespace Mesh.Controller.Api;

/// <summary>The body of a deletion: only its preconditions matter, because nothing here is deleted gracefully or cascades by owner.</summary>
internal sealed record DeleteOptions(string? Uid, string? ResourceVersion)
{
    public static async Task<DeleteOptions> ReadAsync(ApiCall call)
    {
        var body = await call.ReadBodyAsync();
        if (body.Length == 0)
            return new DeleteOptions(null, null);

        var options = ApiCall.ParseObject(body, yaml: call.ContentType.EndsWith("yaml", StringComparison.Ordinal));
        var conditions = options["preconditions"] as JsonObject;
        return new DeleteOptions(conditions?["uid"]?.ToString(), conditions?["resourceVersion"]?.ToString());
    }

    /// <exception cref="ApiException">Conflict: the resource is not the one that was meant.</exception>
    public void Check(Resource existing)
    {
        if (Uid is not null && Uid != existing.Uid)
            throw ApiException.Conflict(existing.Kind, existing.Name, $"the precondition names uid {Uid}, the resource has {existing.Uid}");
        if (ResourceVersion is not null && ResourceVersion != existing.Metadata["resourceVersion"]?.ToString())
            throw ApiException.Conflict(existing.Kind, existing.Name, $"the precondition names resourceVersion {ResourceVersion}, the resource has {existing.Metadata["resourceVersion"]}");
    }
}
