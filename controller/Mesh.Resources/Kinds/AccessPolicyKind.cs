using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class AccessPolicyKind
{
    private const int maxValues = 512; // alternatives of one field; larger sets belong into labels or namespaces

    private static readonly ListType patterns = ListOf(Text(TextFormats.Pattern, 1024, 1), maxValues);
    private static readonly ListType accounts = ListOf(Text(TextFormats.ServiceAccount, 512, 1), maxValues);
    private static readonly ListType blocks = ListOf(Text(TextFormats.Cidr), maxValues);
    private static readonly ListType methods = ListOf(Text(TextFormats.HttpToken, 64, 1), maxValues);
    private static readonly ListType ports = ListOf(Port, maxValues);

    private static readonly ObjectType from = new(
        Optional("principals", patterns, "Identities of the client: <trust domain>/ns/<namespace>/sa/<account>, without spiffe://."),
        Optional("notPrincipals", patterns, "Identities that are not meant."),
        Optional("namespaces", patterns, "Namespaces of the client."),
        Optional("notNamespaces", patterns, "Namespaces that are not meant."),
        Optional("serviceAccounts", accounts, "Service accounts of the client: \"name\" or \"namespace/name\"."),
        Optional("notServiceAccounts", accounts, "Service accounts that are not meant."),
        Optional("ipBlocks", blocks, "Address blocks of the client."),
        Optional("notIpBlocks", blocks, "Address blocks that are not meant."));

    private static readonly ListType commands = ListOf(Text(TextFormats.RedisCommand, 128, 1), maxValues);
    private static readonly ListType keyPrefixes = ListOf(Text(TextFormats.HeaderValue, 256, 1), maxValues);

    private static readonly ObjectType redis = new(
        Optional("commands", commands, "Commands: \"get\", with a subcommand \"config|set\", or a category \"@read\"."),
        Optional("notCommands", commands, "Commands that are not meant."),
        Optional("keyPrefixes", keyPrefixes, "Beginnings of keys and channels. Allow: each of a command's keys must have one; Deny: any. Commands that may touch any key are not allowed and are denied; those without keys are allowed and are not denied."),
        Optional("notKeyPrefixes", keyPrefixes, "Beginnings that are not meant."))
    {
        Check = static redis =>
        {
            if (redis.IsEmpty) redis.Required("", "must have commands, notCommands, keyPrefixes or notKeyPrefixes");
        },
    };

    private static readonly ObjectType to = new(
        Optional("hosts", patterns, "Hosts of the request."),
        Optional("notHosts", patterns, "Hosts that are not meant."),
        Optional("methods", methods, "Methods of the request."),
        Optional("notMethods", methods, "Methods that are not meant."),
        Optional("paths", patterns, "Paths of the request."),
        Optional("notPaths", patterns, "Paths that are not meant."),
        Optional("ports", ports, "Ports of the workload."),
        Optional("notPorts", ports, "Ports that are not meant."),
        Optional("redis", redis, "Redis commands. On connections whose commands cannot be known the condition counts against the client."));

    private static readonly ObjectType rule = new(
        Optional("from", ListOf(from), "Clients, any of these; absent: every client."),
        Optional("to", ListOf(to), "Requests, any of these; absent: every request."),
        NotYet("when", "Claims of the user's token."))
    {
        Check = static rule =>
        {
            foreach (var part in rule.Children("from").Concat(rule.Children("to")).Where(part => part.IsEmpty))
                part.Required("", "must have at least one field; an empty entry would match everything");
        },
    };

    public static readonly KindSchema Schema = new()
    {
        Group = Groups.Mesh,
        Versions = ["v1"],
        Kind = "AccessPolicy",
        Plural = "accesspolicies",
        ShortNames = ["ap"],
        Doc = "Who may reach workloads. Deny is asked first; then any Allow policy of the workload must match, if there is one.",
        Spec = new ObjectType(
            PolicyTypes.TargetRefs("Service", "Workload", "Namespace"),
            PolicyTypes.Selector,
            Optional("action", new StringType { Values = ["Allow", "Deny"], NotYet = ["Audit"] }, "What a match does.", "\"Allow\""),
            Optional("rules", ListOf(rule, max: 256), "The policy matches when any rule does. None: Allow without rules lets nobody in, Deny without rules denies nobody."),
            Optional("dryRun", Flag, "Only count and log what the policy would do.", "false"))
        {
            Check = PolicyTypes.NotBoth,
        },
        Status = PolicyTypes.Status,
        Check = PolicyTypes.OwnNamespace,
        Columns =
        [
            new Column("Action", "What a match does.", resource => resource.Spec?["action"]?.ToString() ?? ""),
            new Column("Dry-Run", "Only counts.", resource => resource.Spec?["dryRun"]?.ToString() ?? "false"),
        ],
    };
}
