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
}
