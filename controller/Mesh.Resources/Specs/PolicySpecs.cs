using System.Text.Json.Nodes;

namespace Mesh.Resources.Specs;

internal abstract class PolicySpec
{
    public List<TargetRefSpec> TargetRefs { get; set; } = [];

    public SelectorSpec? Selector { get; set; }
}

internal sealed class TargetRefSpec
{
    public string Kind { get; set; } = "";

    public string Name { get; set; } = "";

    /// <summary>Port number or name.</summary>
    public JsonNode? SectionName { get; set; }
}

internal sealed class SelectorSpec
{
    public Dictionary<string, string> MatchLabels { get; set; } = [];
}

internal sealed class TrafficPolicySpec : PolicySpec
{
    public LoadBalancingSpec? LoadBalancing { get; set; }

    public TrafficTimeoutsSpec? Timeouts { get; set; }

    public RetriesSpec? Retries { get; set; }

    public ProxyProtocolSpec? ProxyProtocol { get; set; }

    public RedisTrafficSpec? Redis { get; set; }
}

internal sealed class RedisTrafficSpec
{
    public ReadReplicasSpec ReadReplicas { get; set; } = new();
}

internal sealed class ReadReplicasSpec
{
    public string Service { get; set; } = "";

    /// <summary>Number or name.</summary>
    public JsonNode? Port { get; set; }

    public string AfterWrite { get; set; } = "1s";
}

internal sealed class ProxyProtocolSpec
{
    public string? Send { get; set; }

    public List<string> AcceptFrom { get; set; } = [];
}

internal sealed class LoadBalancingSpec
{
    public string Algorithm { get; set; } = "LeastRequest";
}

internal sealed class TrafficTimeoutsSpec
{
    public string? Connect { get; set; }

    public string? Request { get; set; }

    public string? Idle { get; set; }
}

internal sealed class RetriesSpec
{
    public uint Attempts { get; set; }

    public List<string> On { get; set; } = [];
}

internal sealed class MtlsPolicySpec : PolicySpec
{
    public string Mode { get; set; } = "Strict";

    public Dictionary<string, MtlsPortSpec> Ports { get; set; } = [];
}

internal sealed class MtlsPortSpec
{
    public string Mode { get; set; } = "Strict";
}

internal sealed class AccessPolicySpec : PolicySpec
{
    public string Action { get; set; } = "Allow";

    public List<AccessRuleSpec> Rules { get; set; } = [];

    public bool DryRun { get; set; }
}

internal sealed class AccessRuleSpec
{
    public List<AccessFromSpec> From { get; set; } = [];

    public List<AccessToSpec> To { get; set; } = [];
}

internal sealed class AccessFromSpec
{
    public List<string> Principals { get; set; } = [];

    public List<string> NotPrincipals { get; set; } = [];

    public List<string> Namespaces { get; set; } = [];

    public List<string> NotNamespaces { get; set; } = [];

    public List<string> ServiceAccounts { get; set; } = [];

    public List<string> NotServiceAccounts { get; set; } = [];

    public List<string> IpBlocks { get; set; } = [];

    public List<string> NotIpBlocks { get; set; } = [];
}

internal sealed class AccessToSpec
{
    public List<string> Hosts { get; set; } = [];

    public List<string> NotHosts { get; set; } = [];

    public List<string> Methods { get; set; } = [];

    public List<string> NotMethods { get; set; } = [];

    public List<string> Paths { get; set; } = [];

    public List<string> NotPaths { get; set; } = [];

    public List<uint> Ports { get; set; } = [];

    public List<uint> NotPorts { get; set; } = [];

    public AccessRedisSpec? Redis { get; set; }
}

internal sealed class AccessRedisSpec
{
    public List<string> Commands { get; set; } = [];

    public List<string> NotCommands { get; set; } = [];

    public List<string> KeyPrefixes { get; set; } = [];

    public List<string> NotKeyPrefixes { get; set; } = [];
}
