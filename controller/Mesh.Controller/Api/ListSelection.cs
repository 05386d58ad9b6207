using System.Text;
using Mesh.Resources;
using Mesh.Resources.Schema;
using Microsoft.AspNetCore.Http;

namespace Mesh.Controller.Api;

/// <summary>What of a collection a list, watch or deletion is about.</summary>
internal sealed class ListSelection
{
    private readonly ResourcePath path;
    private readonly IReadOnlyList<Func<Resource, bool>> conditions;

    public ListSelection(ResourcePath path, IQueryCollection query)
    {
        this.path = path;
        conditions = [.. LabelSelector.Parse(query["labelSelector"].ToString()), .. FieldSelector.Parse(query["fieldSelector"].ToString())];
        Limit = ParseLimit(query["limit"].ToString());
        After = ParseContinue(query["continue"].ToString());
    }

    /// <summary>0: everything.</summary>
    public int Limit { get; }

    /// <summary>"namespace/name" of the last resource of the page before; null: from the start.</summary>
    private (string Namespace, string Name)? After { get; }

    public bool Matches(Resource resource) => resource.Key.Kind == path.Kind.Kind
        && (path.Namespace.Length == 0 || resource.Namespace == path.Namespace)
        && (path.Name is null || resource.Name == path.Name)
        && conditions.All(condition => condition(resource));

    public IEnumerable<Resource> Of(ResourceSet resources) => resources.OfKind(path.Kind.Kind).Where(resource => IsAfter(resource) && Matches(resource));

    public static string ContinueAfter(Resource last) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{last.Namespace}/{last.Name}"));

    private bool IsAfter(Resource resource) => After is not { } after || string.CompareOrdinal(resource.Namespace, after.Namespace) switch
    {
        0 => string.CompareOrdinal(resource.Name, after.Name) > 0,
        var order => order > 0,
    };

    private static int ParseLimit(string text)
    {
        if (text.Length == 0)
            return 0;

        return int.TryParse(text, out var limit) && limit >= 0 ? limit : throw ApiException.BadRequest($"limit must be a number that is not negative, is \"{text}\"");
    }

    private static (string Namespace, string Name)? ParseContinue(string text)
    {
        if (text.Length == 0)
            return null;

        var bytes = new byte[text.Length];
        if (Convert.TryFromBase64String(text, bytes, out var length) && Encoding.UTF8.GetString(bytes, 0, length).Split('/') is [var space, var name])
            return (space, name);

        throw ApiException.BadRequest("continue must be the token of the page before");
    }
}
