using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

/// <summary>How policies are attached (Gateway API policy attachment), shared by all policy kinds.</summary>
internal static class PolicyTypes
{
    private const int maxTargets = 16; // Gateway API

    public static readonly ObjectType Status = new(
        Optional("conditions", StatusTypes.ConditionList, "Accepted, or why not."));

    public static Field TargetRefs(params string[] kinds) => Optional("targetRefs", ListOf(new ObjectType(
        Optional("group", OneOf("", Groups.Mesh, Groups.Gateway), "Group of the target; absent: by its kind."),
        Needed("kind", OneOf(kinds), "Kind of the target."),
        Needed("name", Text(TextFormats.DnsSubdomain, 253), "Name of the target, in the policy's namespace."),
        Optional("sectionName", PortOrName, "Port of the target by name or number, or listener of a Gateway; absent: every one."))
    {
        Check = static target =>
        {
            var wanted = target.Text("kind") switch { "Workload" => Groups.Mesh, "Gateway" => Groups.Gateway, _ => "" };
            if (target.Text("group") is { } group && group != wanted)
                target.Invalid("group", $"must be \"{wanted}\" for kind {target.Text("kind")}");
            if (target.Text("kind") == "Namespace" && target.Has("sectionName"))
                target.Invalid("sectionName", "must be absent for a Namespace");
            if (target.Text("kind") == "Gateway" && target.Integer("sectionName") is not null)
                target.Invalid("sectionName", "must be the name of a listener");
        },
    }, max: maxTargets), "What the policy applies to. Without targetRefs and selector: every workload of the namespace, or of the whole mesh in namespace mesh-system.");

    public static readonly Field Selector = Optional("selector", Selectors.LabelSelector, "Workloads of the namespace with these labels.");

    public static void NotBoth(ObjectCheck spec)
    {
        if (spec.Items("targetRefs").Count > 0 && spec.Has("selector"))
            spec.Invalid("selector", "must be absent when targetRefs are given");
        if (spec.Has("selector") && (spec.Child("selector").Object("matchLabels")?.Count ?? 0) == 0)
            spec.Required("selector", "must have matchLabels; leave the selector out to mean every workload");
    }

    /// <summary>A policy cannot reach into another namespace, nor into the whole mesh by naming one.</summary>
    public static void OwnNamespace(ObjectCheck policy)
    {
        var space = policy.Child("metadata").Text("namespace");
        foreach (var target in policy.Child("spec").Children("targetRefs"))
        {
            if (target.Text("kind") == "Namespace" && target.Text("name") is { } name && name != space)
                target.Invalid("name", $"must be the policy's own namespace \"{space}\", is \"{name}\"");
        }
    }
}
