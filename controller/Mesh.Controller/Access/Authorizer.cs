namespace Mesh.Controller.Access;

/// <summary>What each role may do. Fails closed: what is not listed is refused.</summary>
internal static class Authorizer
{
    private static readonly HashSet<string> readVerbs = ["get", "list", "watch"];

    /// <summary>Routes and policies; what shapes the mesh itself (namespaces, services, workloads, nodes, gateways, grants) is the admin's.</summary>
    private static readonly HashSet<string> operatorKinds = ["httproutes", "grpcroutes", "tcproutes", "tlsroutes", "trafficpolicies", "mtlspolicies", "accesspolicies", "telemetrypolicies"];

    /// <param name="verb">get, list, watch, create, update, patch, delete, deletecollection.</param>
    /// <param name="plural">Resource, also those that are no kinds: audit, jointokens, accesstokens.</param>
    /// <param name="space">Empty: every namespace.</param>
    public static bool Allows(User user, string verb, string plural, string space) => user.Role switch
    {
        Role.Admin => true,
        Role.Operator => Reads(verb, plural) || (operatorKinds.Contains(plural) && space.Length > 0 && user.Namespaces.Contains(space)),
        Role.Viewer => Reads(verb, plural),
        _ => false,
    };

    private static bool Reads(string verb, string plural) => readVerbs.Contains(verb) && plural is not ("audit" or "jointokens" or "accesstokens");
}
