using Mesh.Resources.Validation;

namespace Mesh.Resources.Compile;

/// <summary>
/// From resources to what nodes get: selectors, references, defaults and virtual addresses resolved. Pure and deterministic: the same
/// resources give the same bytes on every controller, in any order of arrival.
/// </summary>
public static class ResourceCompiler
{
    /// <param name="previous">Result of the last compilation, so that unchanged resources keep their objects.</param>
    public static CompileResult Compile(ResourceSet resources, CompileOptions options, CompiledGraph? previous = null)
    {
        var context = new CompileContext(resources, options, previous ?? CompiledGraph.Empty);
        ServiceCompiler.Compile(context);
        WorkloadCompiler.Compile(context);
        GatewayCompiler.Compile(context);
        RouteCompiler.Compile(context);
        PolicyCompiler.Compile(context);
        return context.Finish();
    }

    /// <summary>References of one resource that do not resolve among the others: warnings for whoever writes it.</summary>
    public static IReadOnlyList<ResourceError> Check(Resource resource, ResourceSet resources, CompileOptions options)
    {
        var context = new CompileContext(resources.With(resource), options, CompiledGraph.Empty);
        if (RouteCompiler.Compiles(resource.Key.Kind))
            RouteCompiler.Compile(context, resource);
        else if (PolicyCompiler.Compiles(resource.Key.Kind))
            PolicyCompiler.Compile(context, resource);

        return context.Finish().Problems;
    }
}
