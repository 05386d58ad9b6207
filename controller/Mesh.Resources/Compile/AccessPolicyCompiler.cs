using Mesh.Protocol.Config;
using Mesh.Resources.Specs;

namespace Mesh.Resources.Compile;

internal static class AccessPolicyCompiler
{
    public static AccessPolicy Message(Resource policy, AccessPolicySpec spec, IReadOnlyList<Target> targets)
    {
        var result = new AccessPolicy
        {
            Namespace = policy.Namespace,
            Name = policy.Name,
            Action = spec.Action == "Deny" ? AccessPolicy.Types.Action.Deny : AccessPolicy.Types.Action.Allow,
            DryRun = spec.DryRun,
        };
        result.Targets.AddRange(targets);
        result.Rules.AddRange(spec.Rules.Select(rule => Rule(rule, policy.Namespace)));
        return result;
    }

    private static AccessRule Rule(AccessRuleSpec rule, string space)
    {
        var result = new AccessRule();
        result.From.AddRange(rule.From.Select(from => From(from, space)));
        result.To.AddRange(rule.To.Select(To));
        return result;
    }

    private static AccessFrom From(AccessFromSpec from, string space)
    {
        var result = new AccessFrom();
        result.Principals.AddRange(from.Principals.Select(Pattern));
        result.NotPrincipals.AddRange(from.NotPrincipals.Select(Pattern));
        result.Namespaces.AddRange(from.Namespaces.Select(Pattern));
        result.NotNamespaces.AddRange(from.NotNamespaces.Select(Pattern));
        result.ServiceAccounts.AddRange(from.ServiceAccounts.Select(account => Account(account, space)));
        result.NotServiceAccounts.AddRange(from.NotServiceAccounts.Select(account => Account(account, space)));
        result.IpBlocks.AddRange(from.IpBlocks);
        result.NotIpBlocks.AddRange(from.NotIpBlocks);
        return result;
    }

    private static AccessTo To(AccessToSpec to)
    {
        var result = new AccessTo();
        result.Hosts.AddRange(to.Hosts.Select(Pattern));
        result.NotHosts.AddRange(to.NotHosts.Select(Pattern));
        result.Methods.AddRange(to.Methods);
        result.NotMethods.AddRange(to.NotMethods);
        result.Paths.AddRange(to.Paths.Select(Pattern));
        result.NotPaths.AddRange(to.NotPaths.Select(Pattern));
        result.Ports.AddRange(to.Ports);
        result.NotPorts.AddRange(to.NotPorts);
        if (to.Redis is { } redis) result.Redis = Redis(redis);
        return result;
    }

    private static AccessRedis Redis(AccessRedisSpec redis)
    {
        var result = new AccessRedis();
        result.Commands.AddRange(redis.Commands);
        result.NotCommands.AddRange(redis.NotCommands);
        result.KeyPrefixes.AddRange(redis.KeyPrefixes);
        result.NotKeyPrefixes.AddRange(redis.NotKeyPrefixes);
        return result;
    }

    private static string Account(string account, string space) => account.Contains('/') ? account : $"{space}/{account}";

    /// <summary>"*" present, "prefix*", "*suffix", else exact.</summary>
    private static StringMatch Pattern(string text) => text switch
    {
        "*" => new StringMatch { Kind = StringMatch.Types.Kind.Present },
        [.. var prefix, '*'] => new StringMatch { Kind = StringMatch.Types.Kind.Prefix, Value = prefix },
        ['*', .. var suffix] => new StringMatch { Kind = StringMatch.Types.Kind.Suffix, Value = suffix },
        _ => new StringMatch { Kind = StringMatch.Types.Kind.Exact, Value = text },
    };
}
