using Mesh.Resources.Kinds;
using Mesh.Resources.Schema;

namespace Mesh.Controller.Api;

/// <summary>A path of the resource API, taken apart.</summary>
/// <param name="Namespace">Empty: every namespace, or a kind without.</param>
/// <param name="Name">Null: the collection.</param>
internal sealed record ResourcePath(KindSchema Kind, string Version, string Namespace, string? Name, string? Subresource)
{
    private const int longestPath = 6; // namespaces/NS/PLURAL/NAME/SUB after group and version, and some room

    /// <summary>/api/v1/… or /apis/GROUP/VERSION/…, then [namespaces/NS/]PLURAL[/NAME[/status]]. Null when it is none of these or the kind is unknown.</summary>
    public static ResourcePath? Parse(string[] segments)
    {
        var (group, rest) = segments switch
        {
            ["api", .. var core] => ("", core),
            ["apis", var named, .. var others] => (named, others),
            _ => ("", Array.Empty<string>()),
        };
        if (rest is not [var version, .. { Length: > 0 and <= longestPath } tail])
            return null;

        // /namespaces/NS/PLURAL is a collection inside NS; /namespaces/NS and /namespaces/NS/status are the Namespace itself.
        return tail is ["namespaces", var space, var plural, .. var names] && plural != "status"
            ? Make(group, version, plural, space, names)
            : Make(group, version, tail[0], "", tail[1..]);
    }

    private static ResourcePath? Make(string group, string version, string plural, string space, string[] names)
    {
        var kind = KindCatalog.All.FirstOrDefault(schema => schema.Group == group && schema.Plural == plural && schema.Versions.Contains(version));
        if (kind is null || names.Length > 2 || (space.Length > 0 && !kind.Namespaced) || (names.Length > 0 && kind.Namespaced && space.Length == 0))
            return null;

        var subresource = names.ElementAtOrDefault(1);
        return subresource is null or "status" ? new ResourcePath(kind, version, space, names.ElementAtOrDefault(0), subresource) : null;
    }
}
