namespace Mesh.Resources.Compile;

/// <summary>
/// Follows resources as they change. What came out of a compilation stays; a change compiles again only what can depend on it, so that one
/// workload of 100,000 costs one workload. The result is that of <see cref="ResourceCompiler.Compile"/>, except that it names no problems of
/// workloads that did not change and no statuses of what was not compiled. One caller at a time.
/// </summary>
/// <remarks>
/// What depends on what: workloads on themselves, the Services that select them and their Node; routes on Services, Gateways, Namespaces and
/// grants; policies on Services and on the Workloads that they name. A kind that is not listed here compiles everything.
/// </remarks>
public sealed class GraphCompiler(CompileOptions options)
{
    private static readonly string[] routeInputs = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "Service", "Gateway", "Namespace", "ReferenceGrant"];
    private static readonly string[] gatewayInputs = ["Gateway"];
    private static readonly string[] policyInputs = ["TrafficPolicy", "MtlsPolicy", "AccessPolicy", "Service"];
    private static readonly HashSet<string> known = [.. routeInputs, .. policyInputs, "Workload"];

    private ResourceSet? compiled;
    private SelectorIndex selectors = new([]);
    private HashSet<ResourceKey> referred = [];

    public CompiledGraph Current { get; private set; } = CompiledGraph.Empty;

    /// <param name="changed">Every resource that may differ from those of the last compilation; null: any.</param>
    public CompileResult Compile(ResourceSet resources, IReadOnlySet<ResourceKey>? changed)
    {
        var context = new CompileContext(resources, options, Current);
        var everything = compiled is null || changed is null || changed.Any(key => !known.Contains(key.Kind));
        bool Any(params string[] kinds) => everything || changed!.Any(key => kinds.Contains(key.Kind));

        if (Any("Service"))
        {
            ServiceCompiler.Compile(context);
            selectors = new SelectorIndex(resources.OfKind("Service"));
        }

        if (everything)
            WorkloadCompiler.Compile(context);
        else
            WorkloadCompiler.Compile(context, compiled!, changed!, selectors);
        if (Any(gatewayInputs))
            GatewayCompiler.Compile(context);
        if (Any(routeInputs))
            RouteCompiler.Compile(context);
        var policies = Any(policyInputs) || changed!.Any(referred.Contains);
        if (policies)
            PolicyCompiler.Compile(context);

        var result = context.Finish();
        (compiled, Current) = (resources, result.Graph);
        if (policies)
            referred = context.Referred;
        return result;
    }
}
