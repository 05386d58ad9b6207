using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Resources.Kinds;

internal static class Selectors
{
    public static readonly ObjectType LabelSelector = new(
        Optional("matchLabels", Labels, "Labels that must all be present with these values."),
        NotYet("matchExpressions", "Label expressions."));
}
