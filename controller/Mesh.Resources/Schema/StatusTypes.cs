namespace Mesh.Resources.Schema;

internal static class StatusTypes
{
    public static readonly ListType ConditionList = Types.ListOf(
        new ObjectType(
            Types.Needed("type", Types.Text(), "Name of the condition."),
            Types.Needed("status", Types.OneOf("True", "False", "Unknown"), "Whether it holds."),
            Types.Optional("reason", Types.Text(null, 1024), "One word for programs."),
            Types.Optional("message", Types.Text(null, 32768), "A sentence for people."),
            Types.Optional("observedGeneration", Types.Integer(0, long.MaxValue), "Generation of the spec that this speaks of."),
            Types.Optional("lastTransitionTime", Types.Text(), "When the status last changed.")),
        keys: "type");

    public static readonly ObjectType Conditions = new(
        Types.Optional("conditions", ConditionList, "What the controller found about this resource."));
}
