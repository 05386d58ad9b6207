using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Resources;
using Mesh.Resources.Patching;

namespace Mesh.Controller.Api;

/// <summary>A patch of one of the four kinds, told apart by content type.</summary>
internal sealed class PatchBody
{
    private const string jsonPatch = "application/json-patch+json";
    private const string mergePatch = "application/merge-patch+json";
    private const string strategicPatch = "application/strategic-merge-patch+json";
    private const string applyPatch = "application/apply-patch+yaml";

    private readonly string type;
    private readonly string manager;
    private readonly bool force;

    private PatchBody(string type, JsonNode? document, string manager, bool force) =>
        (this.type, Document, this.manager, this.force) = (type, document, manager, force);

    public JsonNode? Document { get; }

    /// <summary>Server-side apply makes what does not exist.</summary>
    public bool Creates => type == applyPatch;

    public static async Task<PatchBody> ReadAsync(ApiCall call)
    {
        var type = call.ContentType;
        if (type is not (jsonPatch or mergePatch or strategicPatch or applyPatch))
            throw ApiException.UnsupportedMediaType(type, jsonPatch, mergePatch, strategicPatch, applyPatch);

        var manager = call.Query["fieldManager"].ToString();
        if (type == applyPatch && manager.Length == 0)
            throw ApiException.BadRequest("fieldManager is required for apply patch");

        var document = ApiCall.Parse(await call.ReadBodyAsync(), yaml: type == applyPatch);
        return new PatchBody(type, document, manager, call.Query["force"] == "true");
    }

    /// <summary>The whole document as the client wants it, not validated yet. For the status subresource too: only its status counts then.</summary>
    public JsonObject Apply(ResourcePath path, Resource? existing, DateTimeOffset now)
    {
        var live = existing?.Copy();
        if (live is not null)
            live["apiVersion"] = path.Kind.VersionOf(path.Version);

        try
        {
            return Patched(path, live, now) as JsonObject ?? throw ApiException.BadRequest("the patch does not leave an object");
        }
        catch (PatchException invalid)
        {
            throw ApiException.BadRequest(invalid.Message);
        }
        catch (ApplyConflictException conflict)
        {
            throw ApiException.Conflict(path.Kind, path.Name!, conflict.Message);
        }
    }

    private JsonNode? Patched(ResourcePath path, JsonObject? live, DateTimeOffset now) => type switch
    {
        jsonPatch => JsonPatch.Apply(live!, Document),
        mergePatch => JsonMergePatch.Apply(live, Document),
        strategicPatch => StrategicMergePatch.Apply(path.Kind, live!, Document),
        _ => ServerSideApply.Apply(path.Kind, live, Document as JsonObject ?? throw ApiException.BadRequest("an apply patch must be an object"), manager, force, now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
    };
}
