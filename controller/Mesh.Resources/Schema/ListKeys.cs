using System.Text.Json.Nodes;

namespace Mesh.Resources.Schema;

internal static class ListKeys
{
    /// <summary>What identifies an item of a keyed list, e.g. "80,TCP"; null when the list is atomic or a key is absent.</summary>
    public static string? Of(ListType list, JsonNode? item)
    {
        if (list.Keys.Count == 0 || item is not JsonObject fields)
            return null;

        var parts = list.Keys.Select(key => fields[key]).ToList();
        return parts.Any(part => part is null) ? null : string.Join(",", parts.Select(part => part!.ToString()));
    }
}
