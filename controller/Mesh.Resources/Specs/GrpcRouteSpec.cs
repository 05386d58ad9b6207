namespace Mesh.Resources.Specs;

internal sealed class GrpcRouteSpec : AttachedSpec
{
    public List<GrpcRuleSpec> Rules { get; set; } = [];
}

internal sealed class GrpcRuleSpec
{
    public string? Name { get; set; }

    public List<GrpcMatchSpec> Matches { get; set; } = [];

    public List<HttpFilterSpec> Filters { get; set; } = [];

    public List<BackendRefSpec> BackendRefs { get; set; } = [];
}

internal sealed class GrpcMatchSpec
{
    public GrpcMethodSpec? Method { get; set; }

    public List<ValueMatchSpec> Headers { get; set; } = [];
}

internal sealed class GrpcMethodSpec
{
    public string Type { get; set; } = "Exact";

    public string? Service { get; set; }

    public string? Method { get; set; }
}
