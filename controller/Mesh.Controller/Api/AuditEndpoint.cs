using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Store;

namespace Mesh.Controller.Api;

/// <summary>Who changed what: newest first, ?limit= records of versions below ?before=.</summary>
internal sealed class AuditEndpoint(IResourceStore store)
{
    private const int defaultRecords = 100;
    private const int maxRecords = 1000;

    public Task ListAsync(ApiCall call)
    {
        var limit = Number(call, "limit") ?? defaultRecords;
        var records = store.ReadAudit(Number(call, "before"), (int)Math.Min(limit, maxRecords));
        return call.WriteAsync(200, new JsonObject
        {
            ["apiVersion"] = "mesh.internal/v1",
            ["kind"] = "AuditRecordList",
            ["metadata"] = new JsonObject { ["resourceVersion"] = store.Current.Version.ToString(CultureInfo.InvariantCulture) },
            ["items"] = new JsonArray([.. records.Select(Record)]),
        });
    }

    private static JsonObject Record(AuditRecord record) => new()
    {
        ["version"] = record.Version,
        ["time"] = record.Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        ["who"] = record.Who,
        ["what"] = record.What.ToString().ToLowerInvariant(),
        ["group"] = record.Key.Group,
        ["kind"] = record.Key.Kind,
        ["namespace"] = record.Key.Namespace,
        ["name"] = record.Key.Name,
        ["before"] = record.Before is null ? null : JsonNode.Parse(record.Before),
        ["after"] = record.After is null ? null : JsonNode.Parse(record.After),
    };

    private static long? Number(ApiCall call, string name)
    {
        var text = call.Query[name].ToString();
        if (text.Length == 0)
            return null;

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number : throw ApiException.BadRequest($"{name} must be a number above 0, is \"{text}\"");
    }
}
