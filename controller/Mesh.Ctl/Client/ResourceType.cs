using System.Text.Json.Nodes;

namespace Mesh.Ctl.Client;

/// <summary>A kind as the controller's discovery tells it.</summary>
internal sealed record ResourceType(string GroupVersion, string Kind, string Plural, string Singular, IReadOnlyList<string> ShortNames, bool Namespaced)
{
    private string Root => GroupVersion.Contains('/') ? $"/apis/{GroupVersion}" : $"/api/{GroupVersion}";

    /// <summary>As kubectl prints it: "service/name", "httproute.gateway.networking.k8s.io/name".</summary>
    public string Label(string name) => GroupVersion.Contains('/') ? $"{Singular}.{GroupVersion.Split('/')[0]}/{name}" : $"{Singular}/{name}";

    /// <param name="space">Null: every namespace.</param>
    public string Path(string? space, string? name = null) =>
        Root + (Namespaced && space is not null ? $"/namespaces/{space}" : "") + "/" + Plural + (name is null ? "" : "/" + Uri.EscapeDataString(name));

    public bool Answers(string text) =>
        text == Plural || text == Singular || ShortNames.Contains(text) || text == $"{Plural}.{GroupVersion.Split('/')[0]}";

    /// <summary>Every kind in every version, preferred versions first.</summary>
    public static async Task<IReadOnlyList<ResourceType>> DiscoverAsync(ApiClient client)
    {
        List<string> roots = ["/api/v1"];
        foreach (var group in (await client.GetAsync("/apis"))["groups"] as JsonArray ?? [])
            roots.AddRange((group?["versions"] as JsonArray ?? []).Select(version => $"/apis/{version?["groupVersion"]}"));

        List<ResourceType> types = [];
        foreach (var root in roots)
        {
            var list = await client.GetAsync(root);
            types.AddRange((list["resources"] as JsonArray ?? []).OfType<JsonObject>()
                .Where(resource => resource["name"]?.ToString().Contains('/') == false)
                .Select(resource => Read(resource, list["groupVersion"]!.ToString())));
        }

        return types;
    }

    private static ResourceType Read(JsonObject resource, string groupVersion) => new(
        groupVersion,
        resource["kind"]!.ToString(),
        resource["name"]!.ToString(),
        resource["singularName"]!.ToString(),
        [.. (resource["shortNames"] as JsonArray ?? []).Select(name => name!.ToString())],
        resource["namespaced"]?.GetValue<bool>() ?? false);
}
