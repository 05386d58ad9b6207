using Mesh.Protocol.Config;
using Mesh.Resources.Specs;
using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

/// <summary>A route of any kind with the outcome of each of its parentRefs.</summary>
internal sealed class AttachedRoute
{
    private readonly List<Attachment> attachments;

    public AttachedRoute(CompileContext context, Resource route)
    {
        Route = route;
        Spec = route.Key.Kind == "GRPCRoute" ? route.SpecAs(SpecJson.Default.GrpcRouteSpec) : route.SpecAs(SpecJson.Default.RouteSpec);
        attachments = [.. Spec.ParentRefs.Select(parent => ParentResolver.Attach(context, route, Spec, parent))];
    }

    public Resource Route { get; }

    public AttachedSpec Spec { get; }

    /// <summary>As spec.parentRefs.</summary>
    public IReadOnlyList<Attachment> Attachments => attachments;

    public IEnumerable<ParentRef> Parents => attachments.SelectMany(attachment => attachment.Parents).Distinct();

    public void Lose(ParentRef parent, string reason, string message)
    {
        for (var i = 0; i < attachments.Count; i++)
        {
            if (attachments[i].Parents.Contains(parent))
                attachments[i] = attachments[i].Without(parent, reason, message);
        }
    }

    public void Report(CompileContext context)
    {
        for (var i = 0; i < attachments.Count; i++)
        {
            if (!attachments[i].Accepted)
                context.Problem(Route, $"spec.parentRefs[{i}]", ErrorReason.NotFound, attachments[i].Message);
        }
    }
}
